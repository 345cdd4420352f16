import random
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models

from ..models.crm_contact_log import CALLS

_PROMISES = ("Commercial offer", "Price for the year", "Sample with a protocol", "Draft contract")
# Of the clients in work, so many have refused by now.
_GIVEN_UP = 0.6
# Clients that came in the last days, by those that came before; too few days for any verdict.
_YOUNG_SHARE = 0.08
_YOUNG_DAYS = 3
_TOPICS = ("Presentation", "Meeting at the warehouse", "Walk through the offer", "Contract terms")


class CrmFunnelDemo(models.AbstractModel):
    """Deals of every age, and what their managers agreed on with the clients."""

    _inherit = "crm.funnel.demo"

    def _plan(self, chance, stages, manager, reached):
        """Fewer clients wait for weeks, and some came in the last days.

        The young ones come as far, in proportion, as the others did: the rates stay what they are.
        """
        plans = super()._plan(chance, stages, manager, reached)
        if len(plans) == 1:
            return plans
        ages = random.Random(f"ages of {manager.login}")
        for plan in plans:
            if plan["ending"] == "open" and ages.random() < _GIVEN_UP:
                plan["ending"] = "refused"
        young = super()._plan(
            ages, stages, manager, tuple(round(_YOUNG_SHARE * number) for number in reached)
        )
        for plan in young:
            self._make_young(ages, plan)
        return plans + young

    @staticmethod
    def _make_young(ages, plan):
        """Let all that happened to a client happen in the last days."""
        now = fields.Datetime.now()
        plan["is_young"] = True
        if plan["ending"] != "won":
            plan["ending"] = "open"
        path = [place for place, _entered_at, _left_at in plan["stays"]]
        moment = now - timedelta(days=ages.uniform(0.5, _YOUNG_DAYS))
        # A client in work goes on standing on the last stage.
        step = (now - moment) / (len(path) + 1)
        plan["stays"] = [
            (place, moment + number * step, moment + (number + 1) * step)
            for number, place in enumerate(path)
        ]

    @api.model
    def _agree_on_steps(self, team):
        """Some next steps are promises of the client, some are meetings in the calendar.

        :param team: whose clients in work
        """
        chance = random.Random(f"steps of {team.name}")
        leads = self.env["crm.lead"].search(
            [("team_id", "=", team.id), ("next_step_state", "!=", False)], order="id"
        )
        for lead in leads.filtered(lambda lead: lead.next_step_state != "none"):
            calls = lead.contact_log_ids.filtered(
                lambda log: log.kind in CALLS and log.state == "done"
            )
            if calls and chance.random() < 0.8:
                calls.sorted("date")[-1:].write(
                    {
                        "progress": chance.choice(_PROMISES),
                        "progress_date": lead.next_step_date,
                    }
                )
        managed = leads.filtered("user_id")
        self._meet(chance, managed.browse(chance.sample(managed.ids, len(managed) // 3)))

    def _meet(self, chance, leads):
        """Put a meeting with each client into the manager's calendar, on a coming working day."""
        company = self.env.company
        zone = pytz.timezone(company.funnel_tz)
        today = company._funnel_today()
        days = [
            day
            for day in (today + timedelta(days=number) for number in range(1, 15))
            if day.weekday() < 5
        ]
        values = []
        for lead in leads:
            local = datetime.combine(chance.choice(days), time(chance.choice((14, 15, 16))))
            start = zone.localize(local).astimezone(pytz.utc).replace(tzinfo=None)
            values.append(
                {
                    "name": self.env._(
                        "%(topic)s: %(client)s",
                        topic=chance.choice(_TOPICS),
                        client=lead.partner_id.name,
                    ),
                    "start": start,
                    "stop": start + timedelta(hours=1),
                    "user_id": lead.user_id.id,
                    "opportunity_id": lead.id,
                    "partner_ids": [
                        fields.Command.set((lead.user_id.partner_id | lead.partner_id).ids)
                    ],
                }
            )
        self.env["calendar.event"].with_context(
            tracking_disable=True, no_mail_to_attendees=True, dont_notify=True
        ).create(values)
