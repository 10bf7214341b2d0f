"""What happened: written to MCAP, watched live, read back."""
