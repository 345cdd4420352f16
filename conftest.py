"""What two processes that share the tests must not do to each other."""

import os
from unittest import mock

import pytest


@pytest.fixture(scope="session", autouse=True)
def shared_filestore():
    """Keep the files: each process would clear away what the other has not committed."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    from odoo.tests import TransactionCase

    with mock.patch.object(TransactionCase, "_gc_filestore"):
        yield
