from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class CrmControlBoard(models.AbstractModel):
    """How much of the team's client base is verified."""

    _inherit = "crm.control.board"

    def _present(self, request):
        """Add ``freshness``: see ``crm.client._freshness``."""
        return {**super()._present(request), "freshness": self._freshness(request)}

    def _freshness(self, request):
        return self.env["crm.client"]._freshness(
            self._freshness_company(request), self._clients_domain(request)
        )

    @api.model
    @api.readonly
    def get_freshness_action(self, team_id=None, role=None, kind="stale"):
        """Window action on the clients behind the share of the base that is verified.

        :param int team_id: sales team; without it the reader's own one
        :param str role: only clients in charge of this role
        :param str kind: ``base``, ``verified`` or ``stale`` ones
        :rtype: dict
        :raise UserError: where an argument makes no sense
        """
        titles = {
            "base": self.env._("Client Base"),
            "verified": self.env._("Clients Verified"),
            "stale": self.env._("Clients to Verify"),
        }
        if not isinstance(kind, str) or kind not in titles:
            raise UserError(
                self.env._("Choose one of these clients: %(kinds)s.", kinds=", ".join(titles))
            )
        request = self._board_request({"team_id": team_id, "role": role})
        company = self._freshness_company(request)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_client_action_to_verify"
        )
        domain = self.env["crm.client"]._company_freshness_domain(company, kind)
        return {
            **action,
            "name": titles[kind],
            "display_name": titles[kind],
            "domain": list(domain & self._clients_domain(request)),
            "context": {},
        }

    def _freshness_company(self, request):
        return request.team.company_id or self.env.company

    def _clients_domain(self, request):
        """Domain on the clients of the team that the board is about."""
        domain = Domain("team_id", "=", request.team.id)
        if request.role:
            domain &= Domain("sales_role", "=", request.role)
        return domain
