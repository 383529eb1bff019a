"""Benchmarks live in the same towns as the tests."""

from tests.conftest import *  # noqa: F403
