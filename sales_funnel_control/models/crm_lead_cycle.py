from operator import ge, gt, le, lt

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

_CYCLE_DEPENDENCIES = ("active", "lead_class", "stage_id", "team_id", "won_status")
_OPERATORS = {"<": lt, "<=": le, ">": gt, ">=": ge}


class CrmLead(models.Model):
    """How old a deal is, against the normal sales cycle (:class:`CrmDealCycle`)."""

    _inherit = "crm.lead"

    days_in_work = fields.Integer(
        compute="_compute_cycle",
        search="_search_days_in_work",
        aggregator=None,
        help="Days the deal has stood in the funnel of its team. "
        "The time it was refused or archived does not count.",
    )
    normal_cycle_days = fields.Integer(
        "Normal Cycle, Days",
        compute="_compute_cycle",
        search="_search_normal_cycle_days",
        aggregator=None,
        help="Nine of ten deals of the team and class that were won, were won within this time.",
    )
    days_over_cycle = fields.Integer(
        "Days Past the Normal Cycle",
        compute="_compute_cycle",
        search="_search_days_over_cycle",
        aggregator=None,
        help="By how much the deal is older than deals that are won usually get. "
        "A deal that outlives the normal cycle rarely closes.",
    )
    is_over_cycle = fields.Boolean(
        "Past the Normal Cycle", compute="_compute_cycle", search="_search_is_over_cycle"
    )
    cycle_text = fields.Char(
        "Against the Normal Cycle",
        compute="_compute_cycle_text",
        help="By how much the deal is past the normal cycle; empty while it is not.",
    )

    @api.depends(*_CYCLE_DEPENDENCIES)
    def _compute_cycle(self):
        cycle = self.env["crm.deal.cycle"]
        cycles = self._select_cycles(
            SQL("FLOOR(%s)::int, %s", cycle._age_sql(SQL("stay")), cycle._normal_sql(SQL("stay")))
        )
        over = {lead_id: max(0, age - normal) for lead_id, (age, normal) in cycles.items()}
        self._assign_alike(
            "days_in_work", {lead_id: age for lead_id, (age, _normal) in cycles.items()}
        )
        self._assign_alike(
            "normal_cycle_days", {lead_id: normal for lead_id, (_age, normal) in cycles.items()}
        )
        self._assign_alike("days_over_cycle", over)
        self._assign_alike("is_over_cycle", {lead_id: days > 0 for lead_id, days in over.items()})

    @api.depends(*_CYCLE_DEPENDENCIES)
    def _compute_cycle_text(self):
        """Apart from the figures: the cards of the pipeline show the text alone."""
        over = self._select_cycles(self.env["crm.deal.cycle"]._days_over_sql(SQL("stay")))
        self._assign_alike(
            "cycle_text",
            {
                lead_id: self.env._("%(days)s days past the normal cycle", days=days)
                for lead_id, [days] in over.items()
                if days > 0
            },
        )

    def _select_cycles(self, columns):
        """``{lead id: values}`` of the clients in work.

        :param SQL columns: of the open ``stay`` of each
        """
        if not self._origin:
            return {}
        self.env["crm.deal.cycle"]._flush_for_cycles()
        rows = self.env.execute_query(
            SQL(
                "SELECT stay.lead_id, %s FROM %s AND stay.lead_id = ANY(%s)",
                columns,
                self._standing_from_sql(),
                self._origin.ids,
            )
        )
        return {lead_id: values for lead_id, *values in rows}

    # -- search -------------------------------------------------------------------------------

    @api.model
    def _search_days_in_work(self, operator, value):
        age = SQL("FLOOR(%s)::int", self.env["crm.deal.cycle"]._age_sql(SQL("stay")))
        return self._search_cycle(age, operator, value)

    @api.model
    def _search_normal_cycle_days(self, operator, value):
        normal = self.env["crm.deal.cycle"]._normal_sql(SQL("stay"))
        return self._search_cycle(normal, operator, value)

    @api.model
    def _search_days_over_cycle(self, operator, value):
        over = self.env["crm.deal.cycle"]._days_over_sql(SQL("stay"))
        return self._search_cycle(SQL("GREATEST(%s, 0)", over), operator, value)

    @api.model
    def _search_is_over_cycle(self, operator, value):
        if operator != "in":
            return NotImplemented
        over = self._search_days_over_cycle(">", 0)
        return Domain.OR(over if wanted else ~over for wanted in value)

    def _search_cycle(self, column, comparison, value):
        """Domain on a figure that is 0 for whatever is not in work."""
        if comparison == "in":
            condition = SQL("%s = ANY(%s)", column, [int(number) for number in value])
            has_zero = 0 in value
        elif comparison in _OPERATORS:
            condition = SQL("%s %s %s", column, SQL(comparison), value)
            has_zero = _OPERATORS[comparison](0, value)
        else:
            return NotImplemented
        self.env["crm.deal.cycle"]._flush_for_cycles()
        found = self._standing_domain(condition)
        return found | ~self._standing_domain(SQL("TRUE")) if has_zero else found

    def _standing_domain(self, condition):
        self.env["crm.lead.stage.history"]._interpret()
        standing = self._standing_from_sql()
        return Domain("id", "in", SQL("(SELECT stay.lead_id FROM %s AND %s)", standing, condition))

    def _standing_from_sql(self):
        """Clients in work: each one's open ``stay`` on a stage that is not won, and a condition."""
        return SQL(
            """
            crm_lead_stage_history stay
            WHERE stay.left_at IS NULL
              AND (stay.stage_id = ANY(%s)) IS NOT TRUE
            """,
            list(self.env["crm.stage"]._won_stage_ids()),
        )
