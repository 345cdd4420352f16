import random
from datetime import timedelta

from odoo import api, models

from ..tools import purchases

_WEEKS = 20
# Of a hundred signals: worked in time, worked late; the rest waits, or is left.
_HABITS = ((70, 20), (45, 25))
_DISMISSED = 6


class CrmFunnelDemo(models.AbstractModel):
    """Signals as they would have been raised every Monday of the last months."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _raise_signals_of_weeks(self):
        """Raise the signals of past Mondays with what was known then; those of today open work."""
        company = self.env.company
        today = company._funnel_today()
        Client = self.env["crm.client"].sudo()
        clients = Client.search(
            [("company_id", "=", company.id), ("purchases", ">=", purchases.MINIMUM)]
        )
        bought = Client._purchase_lists(company, clients, today)
        monday = today - timedelta(days=today.weekday())
        values = []
        for week in range(_WEEKS, 0, -1):
            day = monday - timedelta(weeks=week)
            for client in clients:
                values += self._signals_on(client, bought[client.id], day)
        signals = self.env["crm.client.signal"].sudo()._raise(values)
        self._work_on(signals, today)
        self.env["crm.client.run"]._go_over(company)

    def _signals_on(self, client, bought, day):
        """The signal "overdue" of a client on a day of the past, or none."""
        past = [(date, amount) for date, amount in zip(*bought, strict=True) if date <= day]
        watched = purchases.watch([date for date, _amount in past], client.company_id.usual_spread)
        if not watched or not watched.overdue_on <= day < watched.overdue_on + timedelta(days=7):
            return []
        year = sum(amount for date, amount in past if date > day - timedelta(days=365))
        return [
            self.env["crm.client.signal"]._signal_values(
                client,
                "overdue",
                day,
                last_on=past[-1][0],
                interval_days=watched.own.interval,
                revenue=round(year, 2),
                episode=str(past[-1][0]),
                product_category_id=False,
            )
        ]

    def _work_on(self, signals, today):
        """Let the farmers have worked, each as they usually do."""
        managers = signals.user_id.sorted("id")
        for signal in signals:
            chance = random.Random(f"signal {signal.partner_id.name} {signal.episode}")
            in_time, late = _HABITS[managers.ids.index(signal.user_id.id) % len(_HABITS)]
            luck = chance.random() * 100
            if luck < in_time:
                days = chance.randint(0, 3)
            elif luck < in_time + late:
                days = chance.randint(4, 9)
            else:
                if luck > 100 - _DISMISSED:
                    signal.write(
                        {
                            "state": "dismissed",
                            "closed_on": signal.raised_on + timedelta(days=2),
                            "dismiss_reason": self.env._("The plant stands still for repairs."),
                        }
                    )
                continue
            worked_on = signal.raised_on + timedelta(days=days)
            if worked_on < today:
                signal.write({"worked_on": worked_on, "state": "done", "closed_on": worked_on})
