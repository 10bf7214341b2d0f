"""``robomatrix bench dexgen``: does the controller keep the object and still do what it is told (docs/dexgen.md)."""
