"""Every known difference between AWS and what is embedded here, in one table."""

import textwrap
from dataclasses import dataclass

TEXT_WIDTH = 100


@dataclass(frozen=True)
class Shim:
    """`aws`: what AWS does. `moto`: what moto does instead. `shim`: what is done about it here."""

    name: str
    aws: str
    moto: str
    shim: str


SHIMS = (
    Shim(
        name="event source mapping",
        aws="Lambda polls the queue and calls the function with batches, up to MaximumConcurrency at once.",
        moto="Takes messages away as they are sent and starts the function in a container.",
        shim="AWS::Lambda::EventSourceMapping is not deployed. queue_pump polls the queue by its batch size and "
        "settles messages by the function's answer. One batch is under way at a time, or one for each copy.",
    ),
    Shim(
        name="nested stacks",
        aws="Creates each as a stack of its own, with its own name in AWS::StackName.",
        moto="Fetches nested templates from S3 alone, and fails on outputs that are passed between them.",
        shim="nesting lays infra/video.yaml and infra/network.yaml flat into the template: one stack, cutout.",
    ),
    Shim(
        name="video jobs",
        aws="Batch starts a GPU host where there is none, pulls the image and runs as many jobs as there are hosts.",
        moto="Keeps the hosts, the queue and the job definition, and starts jobs in containers of its own.",
        shim="job_pump runs the definition's command as a process of this machine's Python, in the place of "
        "/opt/venv/bin/python and /var/task. One job runs at a time, on the processor: no GPU, container, memory limit,"
        " user or read-only root. TMPDIR is an empty folder for each attempt. The image's own variables are given.",
    ),
    Shim(
        name="submission of jobs",
        aws="EventBridge applies the input transformer and calls SubmitJob.",
        moto="Fails at an event for which a rule has a Batch queue as its target.",
        shim="The target is replaced by a queue of ours. job_pump applies the rule's own transformer to the event, and "
        "the definition's Ref:: parameters. An event that it can't be applied to goes to the target's own "
        "dead-letter queue. Jobs that people submit by the API are run as well, though moto calls them done at once.",
    ),
    Shim(
        name="end of a job",
        aws="Batch retries by the retry strategy, kills a job after its timeout, and sends an event for each change.",
        moto="Runs no job of ours.",
        shim="job_pump does the same by the definition's own strategy and timeout, with no pause between attempts. It "
        "sends the event of a job that failed for good, and no other. No host goes away, no image fails to come.",
    ),
    Shim(
        name="topics as targets of rules",
        aws="EventBridge publishes to the alarm topic.",
        moto="Fails at an event for which a rule has a topic as its target.",
        shim="Those targets are removed: nobody is told of a failed job or a blocked queue. A failed job still reaches "
        "the dead-letter queue.",
    ),
    Shim(
        name="service role of Batch",
        aws="Batch uses its service-linked role.",
        moto="Asks for a ServiceRole on each compute environment.",
        shim="A role without permissions is added.",
    ),
    Shim(
        name="nothing in a list",
        aws="AWS::NoValue takes an entry out of a list.",
        moto="Leaves an empty entry, and fails at it in the environment of a job definition.",
        shim="A variable that a condition takes away is given empty, and dropped.",
    ),
    Shim(
        name="function",
        aws="Runs the container image, as many copies as there is work, each with its own processors and memory.",
        moto="Can't run functions of package type Image.",
        shim="One process of this machine's Python runs the image's entry point, awslambdaric, against a Runtime API "
        "on loopback. Memory, /tmp and processors are not limited. A direct invocation waits for the queue's.",
    ),
    Shim(
        name="Invoke",
        aws="aws lambda invoke runs the function.",
        moto="Answers 500: it would need a container.",
        shim="None. Direct calls are made from Python, by EmbeddedAws.invoke.",
    ),
    Shim(
        name="initialisation",
        aws="Loading the handler may take 10 s. If it takes longer, it is repeated within the first invocation.",
        moto="Has no such phase.",
        shim="Loading may take as long as the function's timeout, and is not counted against it.",
    ),
    Shim(
        name="retry delay",
        aws="A failed message comes back after the queue's visibility timeout, six times the function's.",
        moto="The same.",
        shim="After a failure the message comes back after retry_delay_seconds. The dead-letter queue is unchanged.",
    ),
    Shim(
        name="bucket properties",
        aws="CloudFormation applies all of them.",
        moto="CloudFormation applies encryption and tags, and drops the others.",
        shim="Versioning, notifications, ownership and the public access block are applied by the S3 API. Lifecycle "
        "rules are not applied: nothing expires.",
    ),
    Shim(
        name="expiry of idempotency rows",
        aws="Rows are deleted after their time, within days.",
        moto="CloudFormation drops TimeToLiveSpecification, and rows stay.",
        shim="None. Powertools reads the time in a row and ignores a row that has expired.",
    ),
    Shim(
        name="resources that are not deployed",
        aws="Creates them.",
        moto="Does not know AWS::S3::BucketPolicy, AWS::SQS::QueuePolicy, AWS::SNS::Subscription, "
        "AWS::SNS::TopicPolicy, AWS::CloudWatch::Alarm, AWS::CloudWatch::Dashboard and AWS::Logs::QueryDefinition in a "
        "template, and fails on the pattern of an AWS::Events::Archive.",
        shim="They are left out, and so are the rules that wait for an alarm. No policy is attached, no alarm is "
        "raised, no budget is watched, no outcome is archived.",
    ),
    Shim(
        name="permissions",
        aws="Every call needs one: role, bucket policy, queue policy, TLS only.",
        moto="Keeps roles and policies and enforces none. Serves plain HTTP.",
        shim="None. A permission that the template forgets shows on AWS only.",
    ),
    Shim(
        name="number parameters",
        aws="Are text wherever the template refers to them.",
        moto="Stay numbers, and are then not found as the keys of a mapping.",
        shim="They are declared as String in the template that is deployed.",
    ),
    Shim(
        name="parameter constraints",
        aws="AllowedValues, AllowedPattern, MinValue, MaxValue and Rules are checked.",
        moto="Checks none and ignores unknown parameters.",
        shim="Unknown parameters are refused. Constraints are not checked.",
    ),
    Shim(
        name="metadata of an upload",
        aws="Are there before the upload's event is sent.",
        moto="Are stored a moment after the event is sent.",
        shim="The pump waits 50 ms between receiving a message and calling the function.",
    ),
    Shim(
        name="shape of the S3 event",
        aws="detail.object.etag; the sequencer orders the versions of a key.",
        moto="detail.object.eTag; the sequencer is always the same.",
        shim="Events arrive as moto makes them, and cutout reads both spellings. job_pump spells it as S3 does.",
    ),
    Shim(
        name="multipart upload",
        aws="Sends one event, of reason CompleteMultipartUpload.",
        moto="Sends two events.",
        shim="None. It shows that a duplicate leaves one outcome.",
    ),
    Shim(
        name="dead-letter queue of the rule",
        aws="EventBridge puts there what it can't deliver to the image queue or submit as a job.",
        moto="Always delivers, or drops in silence.",
        shim="None for the image queue. An event that no job can be made of is put there.",
    ),
    Shim(
        name="account",
        aws="Credentials, region and endpoints of a real account.",
        moto="Account 123456789012, any credentials.",
        shim="Region us-east-1, dummy credentials, one loopback endpoint. The person's AWS settings are not read.",
    ),
)


def table() -> str:
    """All shims as text for a terminal, 100 columns wide."""
    return "\n\n".join(_paragraph(shim) for shim in SHIMS)


def _paragraph(shim: Shim) -> str:
    rows = (("AWS", shim.aws), ("moto", shim.moto), ("here", shim.shim))
    return "\n".join([shim.name, *(_row(who, text) for who, text in rows)])


def _row(who: str, text: str) -> str:
    return textwrap.fill(text, TEXT_WIDTH, initial_indent=f"  {who:<6}", subsequent_indent=" " * 8)
