"""A clock for scripts in Odoo's shell that stands still until it is moved on."""

from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.sql_db import Cursor


class Clock:
    """Python and the transactions of Odoo see the same, frozen time."""

    def __init__(self, start):
        self.moment = datetime.fromisoformat(start)
        self._frozen = freeze_time(self.moment).start()
        Cursor.now = lambda cr: self.moment

    def move_on(self, **time):
        self.moment += timedelta(**time)
        self._frozen.move_to(self.moment)
