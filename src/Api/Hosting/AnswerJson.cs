using System.Text.Json.Serialization;
using Fovea.Api.Classification;
using Fovea.Api.CustomVision;
using Fovea.Api.DatasetChecks;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Diagnostics;
using Fovea.Api.Explanation;
using Fovea.Api.FineTuning;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.ModelRepository;
using Fovea.Api.NetworkCatalog;
using Fovea.Api.OpenAIProtocol;
using Fovea.Api.Probes;
using Fovea.Api.Problems;
using Fovea.Api.WebPage;

namespace Fovea.Api.Hosting;

/// <summary>How everything that the service answers becomes JSON: the generated serializers of all rooms.</summary>
internal static class AnswerJson
{
    /// <summary>The serializers, in the order in which they are asked for a type.</summary>
    public static readonly JsonSerializerContext[] Serializers =
    [
        ClassificationJson.Default, ExplanationJson.Default, ProblemJson.Default, NetworkCatalogJson.Default, ModelRepositoryJson.Default,
        DatasetJson.Default, DatasetCheckJson.Default, FineTuningJson.Default, OpenAIJson.Default, CustomVisionJson.Default,
        InferenceJson.Default, ProbeJson.Default,
        DiagnosticsJson.Default, WebPageJson.Default,
    ];
}
