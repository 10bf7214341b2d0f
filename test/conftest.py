"""Settings of every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Machines differ and are busy: speed is measured by the benchmarks, never by a test.
settings.register_profile("robomatrix", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("robomatrix")
