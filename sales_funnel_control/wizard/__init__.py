from . import crm_funnel_builder
from . import crm_lead_lost
from . import crm_refusal_exchange
from . import crm_timetable_apply
