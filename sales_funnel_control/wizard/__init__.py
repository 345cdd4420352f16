from . import base_partner_merge
from . import crm_contact_batch
from . import crm_funnel_builder
from . import crm_lead_lost
from . import crm_refusal_exchange
from . import crm_timetable_apply
from . import crm_stage_gate_pass
from . import crm_funnel_builder_gates
