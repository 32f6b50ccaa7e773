"""Rack PDUs whose outlets are switched over SNMP: one behaviour, each maker's tree. What may not live here: code."""
