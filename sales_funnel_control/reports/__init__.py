from . import crm_manager_report_mixin
from . import crm_lead_report_mixin
from . import crm_funnel_report
from . import crm_outcome_report
from . import crm_reaction_report
from . import crm_contact_report
from . import crm_contact_report_facts
from . import crm_contact_norm_progress
