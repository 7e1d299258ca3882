"""The fixtures of the HTTP wire are those of the integration tests."""

from tests.integration.conftest import site, sites, teacher, visitor

__all__ = ["site", "sites", "teacher", "visitor"]
