import random
from datetime import timedelta

from odoo import api, models

from ..tools import purchases

_DAYS = 140
# Of a hundred signals: worked in time, worked late; the rest waits, or is left.
_HABITS = ((70, 20), (45, 25))
_DISMISSED = 6
# Of a hundred clients that were called in time, so many order.
_ORDERING = 50


class CrmFunnelDemo(models.AbstractModel):
    """Signals as they would have been raised in the last months, and what came of them."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _raise_signals_of_months(self):
        """Raise past signals on their day, with what was known then; those of today open work."""
        company = self.env.company
        today = company._funnel_today()
        Client = self.env["crm.client"].sudo()
        clients = Client.search(
            [("company_id", "=", company.id), ("purchases", ">=", purchases.MINIMUM)], order="id"
        )
        bought = Client._purchase_lists(company, clients, today)
        values = []
        for client in clients:
            values += self._past_signals(client, *bought[client.id], today)
        signals = self.env["crm.client.signal"].sudo()._raise(values)
        self._work_on(signals, today)
        self._order_again(signals, today)
        signals.filtered(lambda signal: signal.state == "new")._open_work()
        self.env["crm.client.run"]._go_over(company)

    def _past_signals(self, client, days, amounts, today):
        """Values of the signals "overdue" of a client in the last months."""
        values = []
        for count in range(purchases.MINIMUM, len(days) + 1):
            watched = purchases.watch(days[:count], client.company_id.usual_spread)
            day = watched.overdue_on
            following = days[count] if count < len(days) else today
            if not today - timedelta(days=_DAYS) <= day < following:
                continue
            year = sum(
                amount
                for date, amount in zip(days[:count], amounts, strict=False)
                if date > day - timedelta(days=365)
            )
            values.append(
                self.env["crm.client.signal"]._signal_values(
                    client,
                    "overdue",
                    day,
                    last_on=days[count - 1],
                    interval_days=watched.own.interval,
                    revenue=round(year, 2),
                    episode=str(days[count - 1]),
                    product_category_id=False,
                )
            )
        return values

    def _order_again(self, signals, today):
        """Let some of the clients that were called in time order, where they had not yet."""
        product = self.env.ref("sales_funnel_control.product_supplies")
        orders = []
        for signal in signals.filtered("worked_on"):
            chance = random.Random(f"order after {signal.partner_id.name} {signal.episode}")
            client = signal.client_id
            day = signal.worked_on + timedelta(days=chance.randint(1, 9))
            is_won = signal.worked_on <= signal.term_on and chance.random() * 100 < _ORDERING
            if is_won and client.last_on == signal.last_on and day < today:
                amount = round(client.average_purchase * chance.uniform(0.7, 1.1), -1)
                ago = (today - day).days
                orders.append(
                    self._sale_values(
                        client.partner_id, client.team_id, client.user_id, product, ago, amount
                    )
                )
        self.env["sale.order"].with_context(tracking_disable=True).create(orders)

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
