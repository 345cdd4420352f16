import random
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models

from ..models.crm_contact_log import CALLS

_PROMISES = ("Commercial offer", "Price for the year", "Sample with a protocol", "Draft contract")
_TOPICS = ("Presentation", "Meeting at the warehouse", "Walk through the offer", "Contract terms")


class CrmFunnelDemo(models.AbstractModel):
    """Deals of every age, and what their managers agreed on with the clients."""

    _inherit = "crm.funnel.demo"

    def _plan(self, chance, stages, manager, reached):
        """Half of the clients in work are young; the others have waited for weeks."""
        plans = super()._plan(chance, stages, manager, reached)
        ages = random.Random(f"ages of {manager.login}")
        now = fields.Datetime.now().replace(minute=0, second=0)
        for plan in plans:
            if plan["ending"] == "open" and ages.random() < 0.55:
                entered_at = now - timedelta(days=ages.uniform(0.2, 9))
                later = max(timedelta(), entered_at - plan["stays"][-1][1])
                plan["stays"] = [
                    (place, entered + later, min(left + later, now))
                    for place, entered, left in plan["stays"]
                ]
        return plans

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
