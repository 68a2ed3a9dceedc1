using k8s;
using k8s.Models;

namespace Fovea.Api.Tests.Deployment;

/// <summary>
/// The kinds of KEDA, the Prometheus Operator and KServe, as far as the manifests use them. Sources: the "Specification" pages of
/// ScaledObject (keda.sh/docs/2.17/reference/scaledobject-spec), the API reference of the Prometheus Operator
/// (prometheus-operator.dev/docs/api-reference/api), and KServe's API reference (kserve.github.io/website).
/// </summary>
internal static class CustomKinds
{
    public static IDictionary<string, Type> All { get; } = new Dictionary<string, Type>
    {
        ["keda.sh/v1alpha1/ScaledObject"] = typeof(ScaledObject),
        ["monitoring.coreos.com/v1/PodMonitor"] = typeof(PodMonitor),
        ["monitoring.coreos.com/v1/PrometheusRule"] = typeof(PrometheusRule),
        ["serving.kserve.io/v1alpha1/ServingRuntime"] = typeof(ServingRuntime),
        ["serving.kserve.io/v1beta1/InferenceService"] = typeof(InferenceService),
    };

    internal abstract class Manifest<TSpec> : IKubernetesObject<V1ObjectMeta>
    {
        public string ApiVersion { get; set; } = "";

        public string Kind { get; set; } = "";

        public V1ObjectMeta Metadata { get; set; } = new();

        public TSpec Spec { get; set; } = default!;
    }

    // KEDA

    internal sealed class ScaledObject : Manifest<ScaledObjectSpec>;

    internal sealed class ScaledObjectSpec
    {
        public ScaleTarget ScaleTargetRef { get; set; } = new();

        public int PollingInterval { get; set; }

        public int CooldownPeriod { get; set; }

        public int MinReplicaCount { get; set; }

        public int MaxReplicaCount { get; set; }

        public List<Trigger> Triggers { get; set; } = [];
    }

    internal sealed class ScaleTarget
    {
        public string ApiVersion { get; set; } = "";

        public string Kind { get; set; } = "";

        public string Name { get; set; } = "";
    }

    internal sealed class Trigger
    {
        public string Type { get; set; } = "";

        public string Name { get; set; } = "";

        public Dictionary<string, string> Metadata { get; set; } = [];
    }

    // Prometheus Operator

    internal sealed class PodMonitor : Manifest<PodMonitorSpec>;

    internal sealed class PodMonitorSpec
    {
        public V1LabelSelector Selector { get; set; } = new();

        public List<PodMetricsEndpoint> PodMetricsEndpoints { get; set; } = [];
    }

    internal sealed class PodMetricsEndpoint
    {
        public string Port { get; set; } = "";

        public string Path { get; set; } = "";

        public string Interval { get; set; } = "";
    }

    internal sealed class PrometheusRule : Manifest<RuleGroups>;

    internal sealed class RuleGroups
    {
        public List<RuleGroup> Groups { get; set; } = [];
    }

    internal sealed class RuleGroup
    {
        public string Name { get; set; } = "";

        public List<Rule> Rules { get; set; } = [];
    }

    internal sealed class Rule
    {
        public string Alert { get; set; } = "";

        public string Expr { get; set; } = "";

        public string For { get; set; } = "";

        public Dictionary<string, string> Labels { get; set; } = [];

        public Dictionary<string, string> Annotations { get; set; } = [];
    }

    // KServe

    internal sealed class ServingRuntime : Manifest<ServingRuntimeSpec>;

    internal sealed class ServingRuntimeSpec
    {
        public Dictionary<string, string> Annotations { get; set; } = [];

        public List<ModelFormat> SupportedModelFormats { get; set; } = [];

        public List<string> ProtocolVersions { get; set; } = [];

        public List<V1Container> Containers { get; set; } = [];
    }

    internal sealed class ModelFormat
    {
        public string Name { get; set; } = "";

        public string Version { get; set; } = "";

        public bool AutoSelect { get; set; }
    }

    internal sealed class InferenceService : Manifest<InferenceServiceSpec>;

    internal sealed class InferenceServiceSpec
    {
        public Predictor Predictor { get; set; } = new();
    }

    internal sealed class Predictor
    {
        public PredictorModel Model { get; set; } = new();

        public int MinReplicas { get; set; }

        public int MaxReplicas { get; set; }
    }

    internal sealed class PredictorModel
    {
        public ModelFormat ModelFormat { get; set; } = new();

        public string ProtocolVersion { get; set; } = "";

        public string Runtime { get; set; } = "";

        public string StorageUri { get; set; } = "";
    }
}
