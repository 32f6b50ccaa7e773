"""What an administrator of Microsoft 365 must do before RoomGate may read its rooms, with this site's own names in it.

Pure text. docs/calendars/microsoft365.md says why. What may not live here: asking Microsoft anything.

Source: Microsoft Learn, "Role Based Access Control for Applications in Exchange Online"; New-ServicePrincipal,
New-ManagementScope, New-ManagementRoleAssignment, Test-ServicePrincipalAuthorization, Add-MailboxFolderPermission.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.calendars.microsoft365 import Microsoft365Settings

SCOPE = "RoomGate rooms"


def steps(settings: Microsoft365Settings, mailboxes: Sequence[str]) -> str:
    """The steps for this account's way of signing in."""
    return _user(settings, mailboxes) if settings.sign_in == "user" else _app(settings, mailboxes)


def _app(settings: Microsoft365Settings, mailboxes: Sequence[str]) -> str:
    client = settings.client_id or "CLIENT-ID"
    role = "Application Calendars.ReadWrite" if settings.write else "Application Calendars.Read"
    room = _quoted(mailboxes[0] if mailboxes else "room@example.com")
    return f"""\
1. entra.microsoft.com, App registrations, New registration: RoomGate, this directory only.
   Its Application (client) ID is `client_id`, the Directory (tenant) ID is `tenant`.
2. Certificates & secrets, Certificates, Upload: the certificate (.pem) of `certificate`. A self-signed one will do:
     openssl req -x509 -newkey rsa:3072 -nodes -days 730 -subj /CN=roomgate -keyout roomgate.key -out roomgate.pem
   (A client secret works as well, as `secret`; it is easier to lose.)
3. API permissions: give it NO calendar permission of Microsoft Graph, for that would open every mailbox, and it
   adds up with what follows. Take `Calendars.Read` away where it stands.
4. Enterprise applications, RoomGate: note the Object ID there (it is not the one of the app registration).
5. In Exchange Online PowerShell, let the app into the room mailboxes and no others:
     Connect-ExchangeOnline
     New-ServicePrincipal -AppId {client} -ObjectId OBJECT-ID -DisplayName RoomGate
     New-ManagementScope -Name '{SCOPE}' -RecipientRestrictionFilter "RecipientTypeDetails -eq 'RoomMailbox'"
     New-ManagementRoleAssignment -App {client} -Role '{role}' -CustomResourceScope '{SCOPE}'
     Test-ServicePrincipalAuthorization -Identity {client} -Resource {room}
   The last line must show InScope True. Until Graph knows of it, half an hour or two may pass."""


def _user(settings: Microsoft365Settings, mailboxes: Sequence[str]) -> str:
    scope = "Calendars.ReadWrite.Shared" if settings.write else "Calendars.Read.Shared"
    rights = "Editor" if settings.write else "Reviewer"
    lines = "\n".join(
        f"     Add-MailboxFolderPermission -Identity {_quoted(f'{room}:{chr(92)}Calendar')} -User USER"
        f" -AccessRights {rights}"
        for room in (mailboxes or ["room@example.com"])
    )
    return f"""\
1. entra.microsoft.com, App registrations, New registration: RoomGate, this directory only.
   Its Application (client) ID is `client_id`, the Directory (tenant) ID is `tenant`.
2. Authentication: Allow public client flows: Yes.
3. API permissions, Microsoft Graph, Delegated: {scope}. Grant admin consent.
4. Make a user for RoomGate (it needs a mailbox), and share each room's calendar with it, in Exchange Online PowerShell:
     Connect-ExchangeOnline
{lines}
   (The folder is named in the mailbox's language. To see private items the user must be a delegate:
   -AccessRights Editor -SharingPermissionFlags Delegate,CanViewPrivateItems.)
5. Sign in once, here, with the code that is shown. A Conditional Access policy must not forbid device codes for it."""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
