from . import crm_contact_batch
from . import crm_funnel_builder
from . import crm_lead_lost
from . import crm_refusal_exchange
