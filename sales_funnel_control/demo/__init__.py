from . import crm_funnel_demo
from . import crm_funnel_demo_entry
from . import crm_funnel_demo_contacts
from . import crm_funnel_demo_refusals
from . import crm_funnel_demo_reaction
from . import crm_funnel_demo_distribution
from . import crm_funnel_demo_norms
from . import crm_funnel_demo_gates
