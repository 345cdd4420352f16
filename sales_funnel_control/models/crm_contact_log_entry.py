from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .crm_contact_log import CALLS

_CLIENT = ("lead_id", "partner_id", "contact_id")
_REFERENCES = (*_CLIENT, "event_id", "message_id")
_NEXT_STEP = {"next_step_type_id", "next_step_summary", "next_step_date"}
# A talk with an existing client may be kept as a warm contact as well.
_TALKS = (*CALLS, "warm_contact")
_MEETINGS = ("meeting", "visit", "warm_contact")


class CrmContactLog(models.Model):
    """Logging a contact: what it closes, what it links and what comes next, in one save."""

    _inherit = "crm.contact.log"

    state = fields.Selection(
        selection_add=[("dismissed", "Did Not Take Place")], ondelete={"dismissed": "cascade"}
    )
    activity_id = fields.Many2one(
        "mail.activity",
        "Closes Activity",
        ondelete="set null",
        copy=False,
        help="This activity is done with the contact, the result is its feedback.",
    )
    event_id = fields.Many2one(
        "calendar.event",
        "Meeting in the Calendar",
        ondelete="set null",
        copy=False,
    )
    message_id = fields.Many2one("mail.message", ondelete="set null", copy=False)
    next_activity_id = fields.Many2one(
        "mail.activity",
        "Planned Next Step",
        readonly=True,
        ondelete="set null",
        copy=False,
    )

    _activity_unique = models.UniqueIndex(
        "(activity_id) WHERE activity_id IS NOT NULL",
        "This activity is logged as a contact already. Open the contact and correct it there.",
    )
    _event_user_unique = models.UniqueIndex(
        "(event_id, user_id) WHERE event_id IS NOT NULL",
        "This meeting is logged for the manager already. Open the contact and correct it there.",
    )
    _message_unique = models.UniqueIndex(
        "(message_id) WHERE message_id IS NOT NULL",
        "This message is logged as a contact already. Open the contact and correct it there.",
    )
    _next_activity_index = models.Index("(next_activity_id) WHERE next_activity_id IS NOT NULL")

    # -- onchange -----------------------------------------------------------------------------

    @api.onchange("lead_id")
    def _onchange_lead_id(self):
        client = self.lead_id.partner_id.commercial_partner_id
        if client and self.contact_id.commercial_partner_id != client:
            self.contact_id = self._likely_person(self.lead_id, client)
            self.partner_id = client

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        client = self.partner_id.commercial_partner_id
        if client and self.contact_id.commercial_partner_id != client:
            self.contact_id = self._likely_person(self.env["crm.lead"], client)

    @api.onchange("lead_id", "kind", "user_id")
    def _onchange_due_activity(self):
        """What was due with the client is done by this contact, unless the manager objects."""
        if self._origin or self.event_id or self.env.context.get("default_activity_id"):
            return
        self.activity_id = self._due_activity()

    def _due_activity(self):
        kinds = next((alike for alike in (CALLS, _MEETINGS) if self.kind in alike), (self.kind,))
        if not self.lead_id:
            return self.env["mail.activity"]
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", "crm.lead"),
                ("res_id", "=", self.lead_id._origin.id),
                ("user_id", "=", self.user_id.id),
                ("activity_type_id.contact_kind", "in", kinds),
                ("date_deadline", "<=", fields.Date.context_today(self)),
                ("calendar_event_id", "=", False),
            ],
            order="date_deadline, id",
            limit=1,
        )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        source = self._values_of_source(values)
        context = self.env.context
        values.update(
            {
                name: value
                for name, value in source.items()
                if name in fields_list and f"default_{name}" not in context
            }
        )
        return values

    @api.model_create_multi
    def create(self, vals_list):
        logs = super().create(
            [
                vals if self._says_who(vals) else {**self._values_of_source(vals), **vals}
                for vals in vals_list
            ]
        )
        logs._check_references(_REFERENCES)
        logs.filtered(lambda log: log.state == "done")._follow_up()
        return logs

    def write(self, vals):
        became_done = vals.get("state") == "done"
        waiting = self.filtered(lambda log: became_done and log.state != "done")
        result = super().write(vals)
        self._check_references([name for name in _REFERENCES if vals.get(name)])
        waiting._follow_up()
        logged = (self - waiting).filtered(lambda log: log.state == "done")
        if vals.get("activity_id") or vals.get("event_id"):
            logged._close_activities()
        if not _NEXT_STEP.isdisjoint(vals):
            logged._plan_next_step()
        return result

    def unlink(self):
        """A meeting whose contact was deleted is not asked about again."""
        self.sudo().event_id._drop_contact()
        return super().unlink()

    @api.model
    def _says_who(self, vals):
        """Whether kind and client are given, so that there is nothing to read from a source."""
        return "kind" in vals and any(vals.get(name) for name in _CLIENT)

    def _check_references(self, names):
        """Nobody logs a contact on a deal, a person or a meeting they may not see."""
        if self.env.su:
            return
        for name in names:
            self[name].check_access("read")

    # -- actions ------------------------------------------------------------------------------

    def action_save(self):
        """Close the dialog: the web client has saved what is in it."""
        return {"type": "ir.actions.act_window_close"}

    def action_save_new(self):
        """Log another contact with the same client.

        :return: window action on an empty contact
        """
        self.ensure_one()
        defaults = {"default_lead_id": self.lead_id.id, "default_partner_id": self.partner_id.id}
        return self._entry_action({name: value for name, value in defaults.items() if value})

    def action_open_entry(self):
        """Open the contact in a dialog."""
        self.ensure_one()
        return self._entry_action(res_id=self.id)

    def action_open_lead(self):
        """Open the deal the contact belongs to."""
        self.ensure_one()
        if not self.lead_id:
            raise UserError(self.env._("The contact belongs to no deal."))
        return self.lead_id.get_formview_action()

    @api.model
    def _entry_action(self, defaults=None, res_id=False):
        """The dialog to log a contact.

        :param dict defaults: ``default_*`` keys of the context
        :param res_id: of a contact that is there already, to complete it
        """
        view = self.env.ref("sales_funnel_control.crm_contact_log_view_form")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Log Contact"),
            "res_model": self._name,
            "res_id": res_id,
            "views": [[view.id, "form"]],
            "target": "new",
            "context": {**(defaults or {}), "dialog_size": "medium"},
        }

    # -- what follows from a contact ----------------------------------------------------------

    def _follow_up(self):
        """Close what the contact came from, write it into the deal's story, plan what is next."""
        if self:
            self._close_activities()
            self._tell_in_chatter()
            self._plan_next_step()

    def _close_activities(self):
        for log in self:
            activities = log.activity_id | log.sudo().event_id.activity_ids.filtered(
                lambda activity, log=log: activity.user_id == log.user_id
            )
            todo = activities.filtered("active")
            if todo:
                todo.action_feedback(feedback=log.result or False)

    def _tell_in_chatter(self):
        """A line in the deal's chatter, where nothing else tells of the contact there."""
        if self.env.context.get("tracking_disable"):
            return
        for log in self:
            is_told = log.activity_id or log.message_id or log.sent_message_id
            if log.lead_id and not is_told:
                log.lead_id._message_log(
                    body=log._chatter_note(), author_id=log.user_id.partner_id.id
                )

    def _chatter_note(self):
        kind = dict(self._fields["kind"]._description_selection(self.env))[self.kind]
        person = self.contact_id or self.partner_id
        heading = (
            self.env._("%(kind)s: %(person)s", kind=kind, person=person.display_name)
            if person
            else kind
        )
        lines = [Markup("<b>%s</b>") % heading, self.result]
        if self.progress:
            lines.append(
                self.env._(
                    "Agreed: %(progress)s, %(date)s",
                    progress=self.progress,
                    date=format_date(self.env, self.progress_date),
                )
                if self.progress_date
                else self.env._("Agreed: %(progress)s", progress=self.progress)
            )
        return Markup("<br/>").join(line for line in lines if line)

    def _plan_next_step(self):
        """Plan the next step with the deal, else with the client. Once: not when saved again."""
        planned = self.filtered(lambda log: not log.next_activity_id and log._next_step_record())
        to_do = self.env.ref("mail.mail_activity_data_todo", raise_if_not_found=False)
        values = []
        for log in planned:
            record = log._next_step_record()
            kind = log.next_step_type_id or to_do
            values.append(
                {
                    "res_model_id": self.env["ir.model"]._get_id(record._name),
                    "res_id": record.id,
                    "activity_type_id": kind.id,
                    "user_id": log.user_id.id,
                    "summary": log.next_step_summary or kind.summary,
                    "date_deadline": log.next_step_date or kind._get_date_deadline(),
                }
            )
        if values:
            Activity = self.env["mail.activity"].with_context(mail_activity_quick_update=True)
            for log, activity in zip(planned, Activity.create(values), strict=True):
                log.next_activity_id = activity

    def _next_step_record(self):
        if not any(self[name] for name in _NEXT_STEP):
            return None
        return self.lead_id or self.partner_id or self.contact_id
