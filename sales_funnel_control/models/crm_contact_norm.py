from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..tools import working_time
from .crm_team_member import GRADES, SALES_ROLES

# What there are norms of, the one that leads the progress first.
NORM_KINDS = [
    ("meeting", "Meetings"),
    ("effective_call", "Effective Calls"),
    ("productive_meeting", "Productive Meetings"),
    ("warm_contact", "Warm Contacts"),
    ("visit", "Visits"),
]
# What a contact must count as to count towards a norm of the kind.
COUNTED = {
    "meeting": ("held_meeting", "productive_meeting", "visit"),
    "effective_call": ("effective_call",),
    "productive_meeting": ("productive_meeting",),
    "warm_contact": ("warm_contact",),
    "visit": ("visit",),
}


class CrmContactNorm(models.Model):
    """How many contacts of a kind a manager of a role owes each week.

    Past weeks keep the norm they had, see :mod:`.crm_contact_norm_week`.
    """

    _name = "crm.contact.norm"
    _description = "Contact Norm"
    _order = "sales_role, kind, valid_from desc, specificity desc, id desc"
    _check_company_auto = True

    def _default_valid_from(self):
        """The coming Monday: the running week stays as it was agreed."""
        today = self.env.company._funnel_today()
        return working_time.monday(today + timedelta(days=6))

    sales_role = fields.Selection(SALES_ROLES, "Role", required=True)
    grade = fields.Selection(GRADES, help="Empty: managers of every grade.")
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        ondelete="cascade",
        check_company=True,
        help="Empty: managers of every team.",
    )
    kind = fields.Selection(
        NORM_KINDS,
        "Contacts",
        required=True,
        default="meeting",
        help="What is counted. Meetings are held meetings, productive ones and visits.",
    )
    weekly_norm = fields.Integer(
        "Per Week",
        required=True,
        aggregator=None,
        help="Contacts of a full working week. Public holidays and time off make it less. "
        "0: no norm.",
    )
    valid_from = fields.Date(
        required=True,
        default=lambda self: self._default_valid_from(),
        help="The norm counts for the weeks that begin on this day or later, until one with a "
        "later day follows.",
    )
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        ondelete="cascade",
        help="Empty: managers of every company.",
    )
    specificity = fields.Integer(
        compute="_compute_specificity",
        store=True,
        help="Where several norms fit, the one with the highest number wins: grade before team "
        "before company before all. Of equal ones the latest wins.",
    )

    _weekly_norm_not_negative = models.Constraint(
        "CHECK (weekly_norm >= 0)", "A norm cannot be negative. 0 means that there is none."
    )
    _key_uniq = models.UniqueIndex(
        "(sales_role, kind, valid_from, COALESCE(grade, ''), COALESCE(team_id, 0),"
        " COALESCE(company_id, 0))",
        "There is a norm for this role, grade, team, company and kind from this day already: "
        "change that one, or choose another day.",
    )

    @api.depends("grade", "team_id", "company_id")
    def _compute_specificity(self):
        for norm in self:
            norm.specificity = 4 * bool(norm.grade) + 2 * bool(norm.team_id) + bool(norm.company_id)

    @api.depends("sales_role", "grade", "kind", "weekly_norm")
    def _compute_display_name(self):
        labels = {
            name: dict(self._fields[name]._description_selection(self.env))
            for name in ("sales_role", "grade", "kind")
        }
        for norm in self:
            who = [labels["sales_role"].get(norm.sales_role), labels["grade"].get(norm.grade)]
            norm.display_name = self.env._(
                "%(who)s: %(kind)s, %(number)s a week",
                who=", ".join(part for part in who if part),
                kind=labels["kind"].get(norm.kind, ""),
                number=norm.weekly_norm,
            )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        norms = super().create(vals_list)
        weeks = self.env["crm.contact.norm.week"].sudo()
        weeks._refresh()
        weeks._backfill(norms.sudo())
        return norms

    def write(self, vals):
        result = super().write(vals)
        weeks = self.env["crm.contact.norm.week"].sudo()
        weeks._refresh()
        if "valid_from" in vals:
            weeks._backfill(self.sudo())
        return result

    def unlink(self):
        result = super().unlink()
        self.env["crm.contact.norm.week"].sudo()._refresh()
        return result

    # -- which one counts ---------------------------------------------------------------------

    @api.model
    def _in_force(self):
        """All norms, in the order in which the first that fits wins."""
        return self.sudo().search(Domain.TRUE, order="specificity desc, valid_from desc, id desc")

    def _of_week(self, memberships, company, kind, week_start):
        """The norm of a manager for a week.

        A manager in several teams owes one norm of a kind, not the sum: the most specific, else
        that of the oldest membership.

        :param self: norms as :meth:`_in_force` gives them
        :param memberships: the manager's memberships in the company's teams, oldest first
        :return: ``(norm, membership)``, or None where no norm fits
        """
        best = None
        for member in memberships:
            norm = next(
                (norm for norm in self if norm._fits(member, company, kind, week_start)), None
            )
            if norm and (not best or norm.specificity > best[0].specificity):
                best = (norm, member)
        return best

    def _fits(self, member, company, kind, week_start):
        return (
            self.kind == kind
            and self.valid_from <= week_start
            and self.sales_role == member.sales_role
            and self.grade in (False, member.grade)
            and self.team_id.id in (False, member.crm_team_id.id)
            and self.company_id.id in (False, company.id)
        )
