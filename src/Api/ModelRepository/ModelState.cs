using System.Text.Json.Serialization;

namespace Fovea.Api.ModelRepository;

/// <summary>Whether a model can answer.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelState>))]
internal enum ModelState
{
    /// <summary>The service is starting and has not loaded the model yet.</summary>
    [JsonStringEnumMemberName("loading")]
    Loading,

    /// <summary>The model answers.</summary>
    [JsonStringEnumMemberName("ready")]
    Ready,

    /// <summary>The model could not be loaded.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>The model has versions, but none of them has been published.</summary>
    [JsonStringEnumMemberName("unpublished")]
    Unpublished,

    /// <summary>A request unloaded the model. It answers again after a request to load it, or after a restart.</summary>
    [JsonStringEnumMemberName("unloaded")]
    Unloaded,
}
