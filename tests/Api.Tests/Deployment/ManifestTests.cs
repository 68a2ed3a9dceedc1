using System.Diagnostics;
using System.Text.RegularExpressions;
using Fovea.Api.Hosting;
using Fovea.Api.Problems;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;
using k8s;
using k8s.Models;

namespace Fovea.Api.Tests.Deployment;

/// <summary>
/// Renders the overlays of docker/kubernetes with kubectl, and reads each manifest strictly: an unknown field is an error. Kinds that are
/// not Kubernetes' own are read with the types of <see cref="CustomKinds"/>.
/// </summary>
[Trait("Needs", "clients")]
public sealed partial class ManifestTests
{
    public static TheoryData<string> Overlays => new("single", "cluster", "gpu", "kserve");

    [Theory, MemberData(nameof(Overlays))]
    public void Each_manifest_has_only_fields_of_its_kind(string overlay)
    {
        var read = Read(overlay);
        Assert.NotEmpty(read);
        Assert.All(read, manifest => Assert.Matches("^[a-z]([a-z-]*[a-z])?$", Name(manifest)));
        Assert.Equal(read.Count, read.DistinctBy(manifest => (manifest.Kind, Name(manifest))).Count());
    }

    [Theory, MemberData(nameof(Overlays))]
    public void Each_setting_in_the_environment_exists(string overlay)
    {
        var containers = Pods(overlay).SelectMany(pod => pod.Containers)
            .Concat(Read(overlay).OfType<CustomKinds.ServingRuntime>().SelectMany(runtime => runtime.Spec.Containers)).ToArray();
        Assert.NotEmpty(containers);
        var settings = SettingsTable.All.Select(setting => $"Fovea__{setting.Key}").ToArray();
        Assert.All(containers.SelectMany(container => container.Env), variable =>
            Assert.Contains(Regex.Replace(variable.Name, "_FILE$", ""), settings));
    }

    [Theory, InlineData("single"), InlineData("cluster"), InlineData("gpu")]
    public void Pods_run_without_privileges_and_with_probes(string overlay)
    {
        Assert.All(Pods(overlay), pod =>
        {
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.False(pod.AutomountServiceAccountToken);
            var container = Assert.Single(pod.Containers);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Equal("/health/live", container.LivenessProbe.HttpGet.Path);
            Assert.NotNull(container.Resources.Requests["memory"]);
            Assert.NotNull(container.Resources.Limits["memory"]);
            Assert.Equal(
                container.VolumeMounts.Select(mount => mount.Name).Order(), pod.Volumes.Select(volume => volume.Name).Order());
        });
    }

    [Theory, InlineData("single"), InlineData("cluster"), InlineData("gpu")]
    public void What_a_manifest_refers_to_exists(string overlay)
    {
        var all = Read(overlay);
        var claims = all.OfType<V1PersistentVolumeClaim>().Select(Name).ToArray();
        var used = Pods(overlay).SelectMany(pod => pod.Volumes).Select(volume => volume.PersistentVolumeClaim?.ClaimName).OfType<string>();
        Assert.All(used, claim => Assert.Contains(claim, claims));
        var deployments = all.OfType<V1Deployment>().ToArray();
        var labels = deployments.Select(deployment => deployment.Spec.Template.Metadata.Labels).ToArray();
        IEnumerable<IDictionary<string, string>> selectors =
        [
            .. all.OfType<V1Service>().Select(service => service.Spec.Selector),
            .. all.OfType<V1NetworkPolicy>().Select(policy => policy.Spec.PodSelector.MatchLabels),
            .. all.OfType<V1PodDisruptionBudget>().Select(budget => budget.Spec.Selector.MatchLabels),
            .. all.OfType<CustomKinds.PodMonitor>().Select(monitor => monitor.Spec.Selector.MatchLabels),
        ];
        Assert.All(selectors, selector => Assert.Contains(labels, pod => selector.All(pod.Contains)));
        Assert.All(all.OfType<CustomKinds.ScaledObject>(), scaled =>
            Assert.Contains(scaled.Spec.ScaleTargetRef.Name, deployments.Select(Name)));
    }

    [Fact]
    public void Queries_use_only_metrics_labels_and_codes_that_exist()
    {
        string[] queries =
        [
            .. Rules().Select(rule => rule.Expr),
            .. Read("cluster").OfType<CustomKinds.ScaledObject>().SelectMany(scaled => scaled.Spec.Triggers)
                .Select(trigger => trigger.Metadata["query"]),
        ];
        string[] codes =
        [
            .. Enum.GetValues<ServiceError>().Select(error => Snake($"{error}")),
            .. Enum.GetValues<ErrorCode>().Select(code => Snake($"{code}")),
        ];
        Assert.True(queries.Length > 7);
        foreach (var query in queries)
        {
            string[] names = [.. MetricName().Matches(query).Select(match => Regex.Replace(match.Value, "_bucket$", ""))];
            Assert.NotEmpty(names);
            Assert.All(names, name => Assert.Contains(name, MetricTable.All.Select(row => row.ScrapedName)));
            Assert.All(Reason().Matches(query).SelectMany(match => match.Groups[1].Value.Split('|')), code => Assert.Contains(code, codes));
        }

        static string Snake(string name) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
    }

    [Fact]
    public void Rules_of_the_operator_are_those_beside_compose()
    {
        var text = File.ReadAllText(RepositoryRoot.PathOf("docker", "alerts.yml"));
        var compose = KubernetesYaml.Deserialize<CustomKinds.RuleGroups>(text, strict: true);
        Assert.Equal(Texts(compose.Groups), Texts(Read("cluster").OfType<CustomKinds.PrometheusRule>().Single().Spec.Groups));

        static string[] Texts(IEnumerable<CustomKinds.RuleGroup> groups) =>
        [
            .. groups.SelectMany(group => group.Rules)
                .Select(rule => $"{rule.Alert} {rule.Expr} {rule.For} {rule.Annotations["summary"]}"),
        ];
    }

    private static IEnumerable<CustomKinds.Rule> Rules() =>
        Read("cluster").OfType<CustomKinds.PrometheusRule>().SelectMany(rule => rule.Spec.Groups).SelectMany(group => group.Rules);

    private static IEnumerable<V1PodSpec> Pods(string overlay) =>
        Read(overlay).OfType<V1Deployment>().Select(deployment => deployment.Spec.Template.Spec);

    private static string Name(object manifest) => ((IKubernetesObject<V1ObjectMeta>)manifest).Metadata.Name;

    private static List<IKubernetesObject> Read(string overlay) =>
        [.. KubernetesYaml.LoadAllFromString(Render(overlay), CustomKinds.All, strict: true).Cast<IKubernetesObject>()];

    private static string Render(string overlay)
    {
        var start = new ProcessStartInfo("kubectl", ["kustomize", RepositoryRoot.PathOf("docker", "kubernetes", "overlays", overlay)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var rendered = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return rendered;
    }

    [GeneratedRegex(@"\bfovea_\w+")]
    private static partial Regex MetricName();

    [GeneratedRegex("""reason=~?"([^"]*)""")]
    private static partial Regex Reason();
}
