"""Rules that columns obey: what users declare, and how a schema carries them."""
