from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ..models.crm_contact_log import CALLS, KINDS

_EMPTY = {
    "kind": "outgoing_call",
    "is_in_person": True,
    "result": False,
    "is_interested": False,
    "data_checked": False,
    "progress": False,
    "progress_date": False,
    "next_step_type_id": False,
    "next_step_summary": False,
    "next_step_date": False,
}


class CrmContactBatch(models.TransientModel):
    """Calls one after another: saving one brings the next client."""

    _name = "crm.contact.batch"
    _inherit = ["crm.contact.entry.mixin"]
    _description = "Calls One by One"

    line_ids = fields.One2many("crm.contact.batch.line", "batch_id", readonly=True)
    line_id = fields.Many2one("crm.contact.batch.line", "Client's Turn", readonly=True)
    place = fields.Integer("Client Number", compute="_compute_place")
    total = fields.Integer("Clients", compute="_compute_place")
    next_clients = fields.Char("Then", compute="_compute_place")

    lead_id = fields.Many2one(related="line_id.lead_id")
    activity_id = fields.Many2one(related="line_id.activity_id", string="Planned")
    activity_date = fields.Date(related="line_id.activity_id.date_deadline", string="Due On")
    client_id = fields.Many2one("res.partner", compute="_compute_client")
    phone = fields.Char(compute="_compute_client")
    last_contact = fields.Char(compute="_compute_client")
    script = fields.Html(related="line_id.lead_id.stage_id.script")

    kind = fields.Selection(KINDS, required=True, default="outgoing_call")
    contact_id = fields.Many2one("res.partner", "With Whom")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("line_id", "line_ids.state")
    def _compute_place(self):
        for batch in self:
            lines = batch.line_ids
            batch.total = len(lines)
            batch.place = lines.ids.index(batch.line_id.id) + 1 if batch.line_id in lines else 0
            following = lines[batch.place :][:2]
            batch.next_clients = ", ".join(following.lead_id.mapped("display_name"))

    @api.depends("line_id", "contact_id")
    def _compute_client(self):
        for batch in self:
            lead = batch.lead_id
            batch.client_id = lead.partner_id.commercial_partner_id
            batch.phone = batch.contact_id.phone or lead.phone or lead.partner_id.phone
            batch.last_contact = batch._describe_last_contact()

    def _describe_last_contact(self):
        """The latest contact with the client, in one line."""
        logs = self.env["crm.contact.log"]
        client = self.client_id
        domain = [("lead_id", "=", self.lead_id.id)]
        if client:
            domain = ["|", *domain, ("partner_id", "=", client.id)]
        last = logs.search([*domain, ("state", "=", "done")], limit=1)
        if not last:
            return False
        day = last.company_id._funnel_date(last.date)
        kinds = dict(logs._fields["kind"]._description_selection(self.env))
        parts = (
            format_date(self.env, day),
            kinds[last.kind],
            last.contact_id.name,
            last.result,
        )
        return ", ".join(part for part in parts if part)

    @api.depends("place", "total")
    def _compute_display_name(self):
        for batch in self:
            batch.display_name = self.env._(
                "Call %(place)s of %(total)s", place=batch.place, total=batch.total
            )

    # -- actions ------------------------------------------------------------------------------

    @api.model
    def action_calls_of_the_day(self):
        """Start with one's calls that are due today or overdue.

        :return: window action on the first client; a message where there is no call to make
        """
        activities = self.env["mail.activity"].search(
            [
                ("user_id", "=", self.env.uid),
                ("res_model", "=", "crm.lead"),
                ("activity_type_id.contact_kind", "in", CALLS),
                ("date_deadline", "<=", fields.Date.context_today(self)),
            ],
            order="date_deadline, id",
        )
        due = {}
        for activity in activities:
            due.setdefault(activity.res_id, activity)
        leads = self.env["crm.lead"].browse(due).exists()._filtered_access("read")
        if not leads:
            return self._notify(
                self.env._("No calls are due today. Plan some: every client needs a next step.")
            )
        return self._start([(lead, due[lead.id]) for lead in leads])

    @api.model
    def _start_with(self, leads):
        """Start with these opportunities, in their order, each with its call that is due."""
        if not leads:
            raise UserError(self.env._("Choose the opportunities to call first."))
        activities = self.env["mail.activity"].search(
            [
                ("user_id", "=", self.env.uid),
                ("res_model", "=", "crm.lead"),
                ("res_id", "in", leads.ids),
                ("activity_type_id.contact_kind", "in", CALLS),
                ("date_deadline", "<=", fields.Date.context_today(self)),
            ],
            order="date_deadline desc, id desc",
        )
        due = {activity.res_id: activity for activity in activities}
        return self._start([(lead, due.get(lead.id, activities.browse())) for lead in leads])

    def action_save_next(self):
        """Log the call and go to the next client.

        :return: what comes after the last client, else nothing: the form shows the next one
        """
        self.ensure_one()
        return self._log(
            {
                "kind": self.kind,
                "is_in_person": self.is_in_person,
                "result": self.result,
                "is_interested": self.is_interested,
                "data_checked": self.data_checked,
                "progress": self.progress,
                "progress_date": self.progress_date,
                "next_step_type_id": self.next_step_type_id.id,
                "next_step_summary": self.next_step_summary,
                "next_step_date": self.next_step_date,
            }
        )

    def action_no_answer(self):
        """Nobody answered: note the attempt, call again on the next working day."""
        self.ensure_one()
        call = self.activity_id.activity_type_id or self.env.ref(
            "mail.mail_activity_data_call", raise_if_not_found=False
        )
        return self._log(
            {
                "kind": "outgoing_call",
                "is_in_person": False,
                "result": self.result or self.env._("No answer"),
                "next_step_type_id": call and call.id,
                "next_step_date": self._next_working_day(),
            }
        )

    def action_skip(self):
        """Leave the client as it is and go to the next one."""
        self.ensure_one()
        self.line_id.state = "skipped"
        return self._go_on()

    def action_open_lead(self):
        """Open the opportunity of the client."""
        self.ensure_one()
        return self.lead_id.get_formview_action()

    # -- going through the clients ------------------------------------------------------------

    @api.model
    def _start(self, calls):
        """:param calls: ``(opportunity, activity)``"""
        batch = self.create(
            {
                "line_ids": [
                    Command.create(
                        {"sequence": place, "lead_id": lead.id, "activity_id": activity.id}
                    )
                    for place, (lead, activity) in enumerate(calls)
                ]
            }
        )
        batch._turn_to(batch.line_ids[:1])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Calls"),
            "res_model": self._name,
            "res_id": batch.id,
            "views": [[False, "form"]],
        }

    def _log(self, values):
        if not self.line_id or self.line_id.state != "waiting":
            raise UserError(self.env._("All clients of this list are done. Start a new one."))
        log = self.env["crm.contact.log"].create(
            {
                "lead_id": self.lead_id.id,
                "contact_id": self.contact_id.id,
                # It may have been done elsewhere meanwhile.
                "activity_id": self.activity_id.filtered("active").id,
                **values,
            }
        )
        self.line_id.write({"state": "logged", "log_id": log.id})
        return self._go_on()

    def _go_on(self):
        waiting = self.line_ids.filtered(lambda line: line.state == "waiting")
        if waiting:
            self._turn_to(waiting[:1])
            return None
        logged = self.line_ids.log_id
        message = self.env._(
            "That was the last client: %(logged)s logged, %(skipped)s skipped.",
            logged=len(logged),
            skipped=len(self.line_ids) - len(logged),
        )
        return self._notify(
            message,
            {
                **self.env["ir.actions.act_window"]._for_xml_id(
                    "sales_funnel_control.crm_contact_log_action"
                ),
                "context": {"search_default_mine": 1, "search_default_today": 1},
                "target": "main",
            },
        )

    def _turn_to(self, line):
        lead = line.lead_id
        person = self._likely_person(lead, lead.partner_id.commercial_partner_id)
        self.write({**_EMPTY, "line_id": line.id, "contact_id": person.id})

    def _next_working_day(self):
        company = self.env.company
        tomorrow = company._funnel_today() + timedelta(days=1)
        calendar = company.resource_calendar_id
        if not calendar:
            return tomorrow
        zone = pytz.timezone(calendar.tz or "UTC")
        day = calendar.plan_days(1, zone.localize(datetime.combine(tomorrow, time.min)), True)
        return day.date() if day else tomorrow

    @api.model
    def _notify(self, message, following=None):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": message, "type": "success", "next": following},
        }


class CrmContactBatchLine(models.TransientModel):
    _name = "crm.contact.batch.line"
    _description = "Calls One by One: Client"
    _order = "sequence, id"

    batch_id = fields.Many2one("crm.contact.batch", required=True, ondelete="cascade")
    sequence = fields.Integer()
    lead_id = fields.Many2one("crm.lead", required=True, ondelete="cascade")
    activity_id = fields.Many2one("mail.activity", ondelete="set null")
    state = fields.Selection(
        [("waiting", "Waiting"), ("logged", "Logged"), ("skipped", "Skipped")],
        default="waiting",
        required=True,
    )
    log_id = fields.Many2one("crm.contact.log", ondelete="set null")
