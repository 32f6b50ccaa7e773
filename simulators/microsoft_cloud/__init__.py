"""A Microsoft cloud on loopback: sign-in as `msal` needs it, and the calendars of Microsoft Graph."""

from simulators.microsoft_cloud.cloud import MicrosoftCloud as MicrosoftCloud
