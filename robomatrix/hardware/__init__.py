"""Layer 3: one contract, many robots. See :mod:`robomatrix.hardware.driver`."""
