"""How the fuzz tests play: the same calls in every run, as many as there is time for."""

from hypothesis import HealthCheck, Phase, settings


def played(examples):
    """Settings of a test that plays so many examples, and shrinks none."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
