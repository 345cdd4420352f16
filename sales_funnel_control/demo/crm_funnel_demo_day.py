import random
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models

from ..tools import working_time

_DAY = timedelta(days=1)
_WEEKS = 6
_TASKS = (
    "Call back the clients who asked for a price last week",
    "Find out who decides besides the chief engineer",
    "Write down the addresses of the clients in work",
    "Show me the offer before it goes out",
    "Ask for a recommendation",
    "Agree on the day of the presentation",
    "Clear up why the last delivery was late",
)
# Of a hundred tasks: done in time, done late; the rest is left undone.
_HABITS = {"ivanov": (60, 30), "sidorov": (90, 8), "petrova": (95, 5), "orlova": (75, 15)}
# What a team is to sell in a month.
_TARGETS = {"team_hunters": 600000, "team_farmers": 250000}


class CrmFunnelDemo(models.AbstractModel):
    """Tasks of the head these weeks, and the meetings of the coming days."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _load_days(self):
        head = self.env.ref("sales_funnel_control.user_smirnova")
        for name, target in _TARGETS.items():
            team = self.env.ref(f"sales_funnel_control.{name}")
            team.invoiced_target = team.invoiced_target or target
        for key, habits in _HABITS.items():
            manager = self.env.ref(f"sales_funnel_control.user_{key}")
            chance = random.Random(f"tasks of {key}")
            deals = self.env["crm.lead"].search(
                [("user_id", "=", manager.id), ("won_status", "=", "pending")], order="id"
            )
            self._set_tasks(chance, head, manager, deals, habits)
            self._plan_meetings(chance, manager, deals)

    def _set_tasks(self, chance, head, manager, deals, habits):
        """One or two tasks a week, those of past weeks done as the manager usually does."""
        company = self.env.company
        today = company._funnel_today()
        monday = working_time.monday(today)
        values, endings = [], []
        for week in range(-_WEEKS, 2):
            for _each in range(chance.randint(1, 2)):
                due = monday + week * 7 * _DAY + chance.randint(0, 4) * _DAY
                deal = chance.random() < 0.7 and chance.choice(deals)
                values.append(
                    {
                        "name": chance.choice(_TASKS),
                        "user_id": manager.id,
                        "date_due": due,
                        "lead_id": deal and deal.id,
                    }
                )
                endings.append(self._ending_of_task(chance, due, today, habits))
        quiet = (
            self.env["crm.head.task"]
            .with_user(head)
            .with_context(mail_activity_quick_update=True, tracking_disable=True)
        )
        tasks = quiet.create(values)
        for task, done_on in zip(tasks, endings, strict=True):
            if done_on:
                self._do(task, self._moment(company, done_on, chance.randint(9, 17)))

    @staticmethod
    def _ending_of_task(chance, due, today, habits):
        """The day a task is done, or None."""
        in_time, late = habits
        luck = chance.random() * 100
        if due >= today or luck >= in_time + late:
            return None
        day = due - chance.randint(0, 2) * _DAY
        if luck >= in_time:
            day = due + chance.randint(1, 3) * _DAY
        return day if day < today else None

    def _do(self, task, moment):
        activity = task.task_activity_ids.sudo()
        activity.with_context(is_told_by_task=True).write({"active": False})
        activity.date_done = moment.date()
        task.sudo().done_at = moment

    def _moment(self, company, day, hour):
        local = datetime.combine(day, time(hour))
        zone = pytz.timezone(company.funnel_tz)
        return zone.localize(local).astimezone(pytz.utc).replace(tzinfo=None)

    def _plan_meetings(self, chance, manager, deals):
        """Two meetings with clients on each of the coming days."""
        company = self.env.company
        today = company._funnel_today()
        starts = [
            self._moment(company, today + number * _DAY, hour)
            for number in range(5)
            for hour in (14, 16)
        ]
        Event = (
            self.env["calendar.event"]
            .with_user(manager)
            .with_context(no_mail_to_attendees=True, dont_notify=True, tracking_disable=True)
        )
        values = []
        for start, deal in zip(
            starts, chance.sample(list(deals), min(10, len(deals))), strict=False
        ):
            values.append(
                {
                    "name": deal.partner_id.name or deal.name,
                    "start": start,
                    "stop": start + timedelta(hours=1),
                    "user_id": manager.id,
                    "partner_ids": [fields.Command.set(manager.partner_id.ids)],
                    "opportunity_id": deal.id,
                }
            )
        Event.create(values)
