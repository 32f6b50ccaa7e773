"""The built-in drivers, brought in by the same hook as everybody else's.

A driver's module is imported when the hook is called, not before. What may not live here: anything but the list.
"""

from __future__ import annotations

import importlib

from gateway.driver import Register, hookimpl

BUILT_IN = {  # module of this package -> its Driver
    "pjlink": "Pjlink",
    "samsung_mdc": "SamsungMdc",
    "lg_sicp": "LgSicp",
    "sony.bravia": "SonyBravia",
    "epson_vp": "EpsonVp",
    "nec_display": "NecDisplay",
    "global_cache": "GlobalCache",
    "draper": "Draper",
    "bond.bridge": "Bond",
    "pdu.apc": "ApcPdu",
    "pdu.raritan": "RaritanPdu",
    "pdu.eaton": "EatonPdu",
    "snmp_monitor": "SnmpMonitor",
    "extron.sis": "ExtronSis",
    "kramer_p3000": "KramerP3000",
    "key_digital": "KeyDigital",
    "cisco.roomos": "CiscoRoomos",
    "polycom.videoos": "PolyVideoos",
    "polycom.cli": "PolyCli",
    "polycom.yealink": "YealinkVc",
    "zoom.rooms": "ZoomRooms",
    "xy_screens": "XyScreens",
    "screen_technics": "ScreenTechnics",
    "dalite_scb": "DaliteScb",
    "controlbyweb": "ControlByWeb",
    "lutron_lip": "LutronLip",
    "somfy_sdn": "SomfySdn",
    "somfy_uai": "SomfyUai",
    "powerview": "PowerView",
    "motionblinds": "Motionblinds",
    "denkovi": "Denkovi",
    "kmtronic": "Kmtronic",
    "audio.qsys_qrc": "QsysQrc",
    "audio.tesira_ttp": "TesiraTtp",
    "audio.shure": "Shure",
    "dmx.sacn": "Sacn",
    "dmx.artnet": "Artnet",
    "visca": "Visca",
    "generic.line": "GenericLine",
    "generic.http": "GenericHttp",
    "kd_wp8": "KdWp8",
    "decks.satellite": "StreamDeckSatellite",
    "decks.usb": "StreamDeck",
    "decks.net": "StreamDeckNet",
}


@hookimpl
def register_drivers(register: Register) -> None:
    """Register every built-in driver."""
    for module, driver in BUILT_IN.items():
        register(getattr(importlib.import_module(f"{__name__}.{module}"), driver))
