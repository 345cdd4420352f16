from datetime import timedelta

from odoo import api, models

from ..tools import working_time

_DAY = timedelta(days=1)
_TEAM_TERMS = {"active", "crm_team_id", "grade", "sales_role", "user_id"}


class CrmTeamMember(models.Model):
    """Who joins, leaves or gets another role owes something else from this week on."""

    _inherit = "crm.team.member"

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        self.env["crm.contact.norm.week"].sudo()._refresh()
        return members

    def write(self, vals):
        result = super().write(vals)
        if not _TEAM_TERMS.isdisjoint(vals):
            self.env["crm.contact.norm.week"].sudo()._refresh()
        return result

    def unlink(self):
        result = super().unlink()
        self.env["crm.contact.norm.week"].sudo()._refresh()
        return result


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals and self.sudo().crm_team_member_ids:
            self.env["crm.contact.norm.week"].sudo()._refresh()
        return result


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        result = super().write(vals)
        if "resource_calendar_id" in vals:
            self.env["crm.contact.norm.week"].sudo()._refresh()
        return result


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def write(self, vals):
        result = super().write(vals)
        if any(name.startswith("attendance_ids") or name == "tz" for name in vals):
            self.env["crm.contact.norm.week"].sudo()._refresh()
        return result


class ResourceCalendarLeaves(models.Model):
    """Holidays and time off reduce the norms of the weeks they lie in, past ones too."""

    _inherit = "resource.calendar.leaves"

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._take_days()
        return leaves

    def write(self, vals):
        former = self._touched_norms()._days_taken(self)
        result = super().write(vals)
        self.env["crm.contact.norm.week"]._give_days(former)
        self._take_days()
        return result

    def unlink(self):
        former = self._touched_norms()._days_taken(self)
        result = super().unlink()
        self.env["crm.contact.norm.week"]._give_days(former)
        return result

    def _take_days(self):
        rows = self._touched_norms()
        rows._give_days({row: -days for row, days in rows._days_taken(self).items()})

    def _touched_norms(self):
        """Norms of the weeks the leaves lie in, of the people they are for."""
        weeks = self.env["crm.contact.norm.week"].sudo()
        if not self:
            return weeks
        leaves = self.sudo()
        first = working_time.monday(min(leaves.mapped("date_from")).date() - _DAY)
        last = max(leaves.mapped("date_to")).date() + _DAY
        domain = [("week_start", ">=", first), ("week_start", "<=", last)]
        if all(leave.resource_id for leave in leaves):
            domain.append(("user_id", "in", leaves.resource_id.user_id.ids))
        return weeks.search(domain)
