from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crm_team_member import SALES_ROLES

CASE_STATES = [
    ("open", "New"),
    ("work", "In Work"),
    ("solved", "Solved"),
    ("unsolved", "Not Solved"),
]
CASE_SOURCES = [
    ("rating", "Opinion Asked For"),
    ("call", "Call"),
    ("mail", "Mail"),
    ("meeting", "Meeting"),
    ("other", "Other"),
]
CASE_SEVERITIES = [("0", "Slight"), ("1", "Serious"), ("2", "The Client May Leave")]
_CLOSED = ("solved", "unsolved")
# The responsible's activity repeats these.
_SHARED = {"user_id", "date_due", "state"}


class CrmClientCase(models.Model):
    """A dissatisfied client: what it complains of, who works it off until when, what was done."""

    _name = "crm.client.case"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Complaint"
    _order = "date_due, severity DESC, id DESC"
    _check_company_auto = True

    name = fields.Char("Subject", required=True, tracking=True)
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, ondelete="restrict", index=True, tracking=True
    )
    contact_id = fields.Many2one(
        "res.partner",
        "Person",
        ondelete="set null",
        index="btree_not_null",
        domain="[('commercial_partner_id', '=', partner_id)]",
        help="Who complained; this person is asked again afterwards.",
    )
    client_id = fields.Many2one(
        "crm.client",
        "In the Client Base",
        compute="_compute_client",
        store=True,
        precompute=True,
        ondelete="set null",
        index="btree_not_null",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
        index=True,
    )
    order_id = fields.Many2one(
        "sale.order",
        ondelete="set null",
        check_company=True,
        index="btree_not_null",
        domain="[('partner_id.commercial_partner_id', '=', partner_id)]",
    )
    lead_id = fields.Many2one(
        "crm.lead",
        "Deal",
        ondelete="set null",
        check_company=True,
        index="btree_not_null",
        domain="[('partner_id.commercial_partner_id', '=', partner_id)]",
    )
    contact_log_id = fields.Many2one(
        "crm.contact.log", "Contact", ondelete="set null", index="btree_not_null"
    )
    source = fields.Selection(CASE_SOURCES, "Told By", required=True, default="call")
    cause_id = fields.Many2one("crm.client.case.cause", ondelete="restrict", tracking=True)
    words = fields.Text("Client's Words")
    severity = fields.Selection(CASE_SEVERITIES, required=True, default="0", tracking=True)

    # -- who, and until when --------------------------------------------------------------------

    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        domain=[("share", "=", False)],
        help="Works the complaint off: whom the settings name, else the leader of the team.",
    )
    manager_id = fields.Many2one(
        "res.users",
        "Manager in Charge",
        compute="_compute_client",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="Who was in charge of the client when it complained.",
    )
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        compute="_compute_client",
        store=True,
        precompute=True,
        index="btree_not_null",
        ondelete="set null",
    )
    sales_role = fields.Selection(
        SALES_ROLES, "Role", compute="_compute_client", store=True, precompute=True
    )
    opened_on = fields.Date(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env.company._funnel_today(),
    )
    date_due = fields.Date(
        "Term",
        compute="_compute_date_due",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
    )
    state = fields.Selection(
        CASE_STATES,
        "Status",
        required=True,
        default="open",
        copy=False,
        tracking=True,
        group_expand=True,
    )
    closed_on = fields.Date(readonly=True, copy=False)
    is_overdue = fields.Boolean(compute="_compute_is_overdue")
    done_text = fields.Text(
        "What Was Done", copy=False, help="Without it the complaint is not closed."
    )

    # -- opinions -------------------------------------------------------------------------------

    opinion_id = fields.Many2one(
        "crm.opinion", "By the Opinion", readonly=True, copy=False, ondelete="set null"
    )
    after_opinion_ids = fields.One2many(
        "crm.opinion", "after_case_id", "Asked Again", readonly=True, copy=False
    )
    after_verdict = fields.Selection(
        related="after_opinion_ids.verdict", string="Satisfied Now?", store=True
    )

    _opinion_uniq = models.UniqueIndex(
        "(opinion_id) WHERE opinion_id IS NOT NULL", "An opinion opens one complaint."
    )
    _pending_idx = models.Index("(user_id, date_due) WHERE closed_on IS NULL")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("partner_id", "company_id")
    def _compute_client(self):
        """Taken down when the complaint is opened: who was in charge then."""
        for company, cases in self.grouped("company_id").items():
            clients = self.env["crm.client"]._of(cases.partner_id, company)
            for case in cases:
                client = clients.get(case.partner_id.commercial_partner_id._origin)
                case.client_id = client
                case.manager_id = client and client.user_id
                case.team_id = client and client.team_id
                case.sales_role = client and client.sales_role

    @api.depends("manager_id", "team_id", "company_id")
    def _compute_user_id(self):
        for case in self:
            company = case.company_id.sudo()
            candidates = (
                company.case_user_id,
                case.team_id.sudo().user_id,
                case.manager_id.sudo(),
                case.opinion_id.sudo().user_id,
                self.env.user,
                # Nobody is logged in when a client answers.
                *self.env.ref("sales_team.group_sale_manager")
                .sudo()
                .all_user_ids.filtered(lambda user, company=company: company in user.company_ids),
                self.env.ref("base.user_admin").sudo(),
            )
            case.user_id = case.user_id or next(
                (user for user in candidates if user.active), self.env.user
            )

    @api.depends("opened_on", "company_id")
    def _compute_date_due(self):
        for case in self:
            opened_on = case.opened_on or case.company_id._funnel_today()
            days = case.company_id.sudo().case_days
            case.date_due = case.date_due or opened_on + timedelta(days=days)

    @api.depends("date_due", "closed_on")
    def _compute_is_overdue(self):
        for case in self:
            today = (case.company_id or self.env.company).sudo()._funnel_today()
            case.is_overdue = bool(not case.closed_on and case.date_due and case.date_due < today)

    # -- constrains ---------------------------------------------------------------------------

    @api.constrains("state", "done_text")
    def _check_done(self):
        for case in self:
            if case.state in _CLOSED and not (case.done_text or "").strip():
                raise ValidationError(
                    self.env._(
                        "Write down what was done before you close “%(complaint)s”.",
                        complaint=case.name,
                    )
                )

    @api.constrains("partner_id", "contact_id")
    def _check_contact(self):
        for case in self:
            if case.contact_id and (
                case.contact_id.commercial_partner_id != case.partner_id.commercial_partner_id
            ):
                raise ValidationError(
                    self.env._(
                        "%(person)s does not belong to %(client)s.",
                        person=case.contact_id.name,
                        client=case.partner_id.name,
                    )
                )

    @api.onchange("lead_id", "order_id", "contact_id")
    def _onchange_subject(self):
        """What is chosen says whose complaint it is."""
        subject = self.contact_id or self.order_id.partner_id or self.lead_id.partner_id
        if subject and not self.partner_id:
            self.partner_id = subject.commercial_partner_id

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create([self._of_organisation(vals) for vals in vals_list])
        cases._note_end()
        for case in cases.filtered(lambda case: not case.closed_on):
            case._tell_responsible()
        return cases

    def write(self, vals):
        vals = self._of_organisation(vals)
        result = super().write(vals)
        if "state" in vals:
            self._note_end()
        if not _SHARED.isdisjoint(vals):
            self._update_activities()
        return result

    @api.model
    def _of_organisation(self, vals):
        """A complaint of a person is the organisation's."""
        partner = self.env["res.partner"].browse(vals.get("partner_id"))
        organisation = partner.sudo().commercial_partner_id
        if not partner or organisation == partner:
            return vals
        return {"contact_id": partner.id, **vals, "partner_id": organisation.id}

    # -- actions ------------------------------------------------------------------------------

    def action_work(self):
        """Take the complaint into work."""
        return self.write({"state": "work"})

    def action_solved(self):
        """Close it: the client's trouble is mended."""
        return self.write({"state": "solved"})

    def action_unsolved(self):
        """Close it: nothing more can be done."""
        return self.write({"state": "unsolved"})

    def action_reopen(self):
        """Work on it again."""
        return self.write({"state": "work"})
