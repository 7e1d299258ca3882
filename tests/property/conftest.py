"""Settings of the property tests.

Rules: no deadline and no complaint about slowness, since a busy machine is not a fault of the code; examples that failed
are kept in `.hypothesis/` and tried first the next time.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "lectern", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("lectern")
