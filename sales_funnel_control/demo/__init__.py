from . import crm_funnel_demo
from . import crm_funnel_demo_refusals
from . import crm_funnel_demo_timetable
