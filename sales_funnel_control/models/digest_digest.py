from odoo import fields, models
from odoo.exceptions import AccessError


class DigestDigest(models.Model):
    """Figures of the funnel in Odoo's own digest."""

    _inherit = "digest.digest"

    kpi_sfc_refusals = fields.Boolean("Refusals")
    kpi_sfc_refusals_value = fields.Integer(compute="_compute_kpi_sfc_refusals_value")
    kpi_sfc_counting_contacts = fields.Boolean("Contacts That Count")
    kpi_sfc_counting_contacts_value = fields.Integer(
        compute="_compute_kpi_sfc_counting_contacts_value"
    )
    kpi_sfc_conversion = fields.Boolean(
        "Active Funnel: Came Further, %",
        help="Of the clients that left a stage of an active funnel, so many came further. It is "
        "the flow of the period; the control board has the conversion of mature entries.",
    )
    kpi_sfc_conversion_value = fields.Float(compute="_compute_kpi_sfc_conversion_value")

    def _compute_kpi_sfc_refusals_value(self):
        self._check_kpi_sfc_access()
        self._calculate_company_based_kpi(
            "crm.lead.refusal",
            "kpi_sfc_refusals_value",
            date_field="refused_at",
            additional_domain=[
                "|",
                ("lost_reason_id", "=", False),
                ("lost_reason_id.is_spam_or_duplicate", "=", False),
            ],
        )

    def _compute_kpi_sfc_counting_contacts_value(self):
        self._check_kpi_sfc_access()
        self._calculate_company_based_kpi(
            "crm.contact.log",
            "kpi_sfc_counting_contacts_value",
            date_field="date",
            additional_domain=[("counts_as", "!=", False)],
        )

    def _compute_kpi_sfc_conversion_value(self):
        """100 × Σ advanced ÷ Σ exits of the period, counted as the board's flow is."""
        self._check_kpi_sfc_access()
        start, end, companies = self._get_kpi_compute_parameters()
        counts = {}
        for company, end_of_stay, number in self.env["crm.lead.stage.history"]._read_group(
            [
                ("company_id", "in", companies.ids),
                ("left_at", ">=", start),
                ("left_at", "<", end),
                ("exit", "!=", "transferred"),
                ("next_stage_id", "!=", False),
                ("team_id.funnel_kind", "=", "active"),
                "|",
                ("lost_reason_id", "=", False),
                ("lost_reason_id.is_spam_or_duplicate", "=", False),
            ],
            ["company_id", "exit"],
            ["__count"],
        ):
            counts.setdefault(company, {})[end_of_stay] = number
        for digest in self:
            exits = counts.get(digest.company_id or self.env.company, {})
            total = sum(exits.values())
            digest.kpi_sfc_conversion_value = 100 * exits.get("advanced", 0) / total if total else 0

    def _check_kpi_sfc_access(self):
        """Leave the figure out of the e-mail of whom sales do not concern."""
        if not self.env.user.has_group("sales_team.group_sale_salesman"):
            raise AccessError(self.env._("Only people of sales get the figures of the funnel."))

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = f"menu_id={self.env.ref('crm.crm_menu_root').id}"
        return {
            **actions,
            "kpi_sfc_refusals": f"sales_funnel_control.crm_lead_refusal_action?{menu}",
            "kpi_sfc_counting_contacts": f"sales_funnel_control.crm_contact_log_action?{menu}",
            "kpi_sfc_conversion": f"sales_funnel_control.crm_control_board_action?{menu}",
        }
