from odoo import api, fields, models
from odoo.exceptions import UserError

from .crm_contact_log import KINDS

_SALESPERSON = "sales_team.group_sale_salesman"
_CLIENT_MODELS = ("crm.lead", "res.partner")
_KIND_BY_CATEGORY = {"phonecall": "outgoing_call", "meeting": "meeting"}


class MailActivityType(models.Model):
    _inherit = "mail.activity.type"

    contact_kind = fields.Selection(
        KINDS,
        "Contact with a Client",
        compute="_compute_contact_kind",
        store=True,
        readonly=False,
        help="Activities of this type that are done with a deal or a client wait in the contact "
        "log to be confirmed as a contact of this kind. Empty: they are no contacts.",
    )

    @api.depends("category")
    def _compute_contact_kind(self):
        email = self.env.ref("mail.mail_activity_data_email", raise_if_not_found=False)
        for kind in self:
            default = "material" if kind == email else kind.contact_kind
            kind.contact_kind = _KIND_BY_CATEGORY.get(kind.category) or default


class MailActivity(models.Model):
    """A call or meeting that is done is a contact to be confirmed, or logged at once."""

    _inherit = "mail.activity"

    can_log_contact = fields.Boolean(compute="_compute_can_log_contact")

    @api.depends_context("uid")
    @api.depends("active", "res_model", "activity_type_id.contact_kind")
    def _compute_can_log_contact(self):
        sells = self.env.user.has_group(_SALESPERSON)
        for activity in self:
            activity.can_log_contact = bool(
                sells
                and activity.active
                and activity.res_model in _CLIENT_MODELS
                and activity.activity_type_id.contact_kind
            )

    def _to_store_defaults(self, target):
        return [*super()._to_store_defaults(target), "can_log_contact"]

    def action_log_contact(self):
        """Log the call or meeting this activity stands for, and close it.

        :return: window action on the contact
        :raise UserError: where the activity is not with a client
        """
        self.ensure_one()
        logs = self.env["crm.contact.log"]
        log = logs.search([("activity_id", "=", self.id)])
        event = self.calendar_event_id
        if not log and event:
            log = logs.search([("event_id", "=", event.id), ("user_id", "=", self.env.uid)])
        if log:
            return log.action_open_entry()
        if self.res_model not in _CLIENT_MODELS:
            raise UserError(
                self.env._(
                    "Contacts are logged with deals and clients. Mark this activity as done."
                )
            )
        return logs._entry_action({"default_activity_id": self.id})

    def _action_done(self, feedback=False, attachment_ids=None):
        held = self.filtered(lambda activity: activity._is_contact())
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        held = held and held.sudo().exists()
        if held:
            self.env["crm.contact.log"].sudo()._await_activities(held, feedback)
        return result

    def _is_contact(self):
        """Whether doing this activity is a contact with a client, of somebody who sells."""
        return bool(
            not self.env.context.get("is_no_contact")
            and self.active
            and self.res_model in _CLIENT_MODELS
            and self.activity_type_id.contact_kind
            and self._contact_user().has_group(_SALESPERSON)
        )

    def _contact_user(self):
        return self.user_id or self.env.user
