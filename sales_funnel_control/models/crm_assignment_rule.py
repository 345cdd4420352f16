from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from .crm_team_member import GRADES, SALES_ROLES


class Terms(NamedTuple):
    """What a manager of one role and grade takes."""

    classes: frozenset
    clients: str
    is_cold_only: bool

    def objection(self, facts, company_id):
        """Why a lead is not for the manager: ``class``, ``new``, ``existing``, ``block``, None.

        :param facts: what counts about the lead: ``lead_class``, ``existing_in``, ``is_cold``
        :param company_id: where the client is an existing one, or is not
        """
        is_existing = company_id in facts.existing_in
        if facts.lead_class not in self.classes:
            return "class"
        if self.clients == "new" and is_existing:
            return "new"
        if self.clients == "existing" and not is_existing:
            return "existing"
        if self.is_cold_only and not facts.is_cold:
            return "block"
        return None


class CrmAssignmentRule(models.Model):
    """Which leads managers of a role and grade take. The most specific rule counts."""

    _name = "crm.assignment.rule"
    _inherit = "crm.remembered.mixin"
    _description = "Distribution Rule"
    _order = "sales_role, grade, company_id, id"
    _rec_name = "sales_role"

    sales_role = fields.Selection(SALES_ROLES, "Role", required=True)
    grade = fields.Selection(
        GRADES, help="Leave empty for all grades that have no rule of their own."
    )
    company_id = fields.Many2one(
        "res.company",
        ondelete="cascade",
        index="btree_not_null",
        help="Leave empty for all companies that have no rule of their own.",
    )
    active = fields.Boolean(default=True)
    takes_a = fields.Boolean("Class A")
    takes_b = fields.Boolean("Class B")
    takes_c = fields.Boolean("Class C")
    takes_unclassed = fields.Boolean("No Class", help="Leads that have no class yet.")
    clients = fields.Selection(
        [("any", "All"), ("new", "Only New"), ("existing", "Only Existing")],
        default="any",
        required=True,
        help="A client is existing with a deal won by the company, an order confirmed or a farmer "
        "in charge.",
    )
    is_cold_only = fields.Boolean(
        "Cold Work Only", help="Takes a lead only while it stands on a stage of the first block."
    )

    _uniq = models.UniqueIndex(
        "(sales_role, COALESCE(grade, ''), COALESCE(company_id, 0)) WHERE active",
        "There is a rule for this role, grade and company already: change that one.",
    )

    @api.depends("sales_role", "grade")
    def _compute_display_name(self):
        for rule in self:
            role = rule._label("sales_role")
            rule.display_name = f"{role}, {rule._label('grade')}" if rule.grade else role

    @api.constrains("takes_a", "takes_b", "takes_c", "takes_unclassed", "active")
    def _check_takes_anything(self):
        for rule in self:
            if rule.active and not rule._classes():
                raise ValidationError(
                    self.env._("Choose at least one class of leads that this role takes.")
                )

    # -- looking up ---------------------------------------------------------------------------

    def _classes(self):
        self.ensure_one()
        taken = {
            "a": self.takes_a,
            "b": self.takes_b,
            "c": self.takes_c,
            False: self.takes_unclassed,
        }
        return frozenset(lead_class for lead_class, takes in taken.items() if takes)

    @api.model
    def _terms(self, company_id, sales_role, grade):
        """The :class:`Terms` of a role and grade; None where no rule says anything."""
        table = self._terms_table()
        for key in (
            (company_id, sales_role, grade),
            (company_id, sales_role, False),
            (False, sales_role, grade),
            (False, sales_role, False),
        ):
            if key in table:
                return table[key]
        return None

    @api.model
    @ormcache(cache="stable")
    def _terms_table(self):
        """All rules: :class:`Terms` by company id, role and grade."""
        return {
            (rule.company_id.id, rule.sales_role, rule.grade): Terms(
                rule._classes(), rule.clients, rule.is_cold_only
            )
            for rule in self.sudo().with_context(active_test=True).search([])
        }

    def _label(self, field):
        """How people read a selection of the rule."""
        return dict(self._fields[field]._description_selection(self.env)).get(self[field], "")
