namespace Fovea.Api.InferenceProtocol;

/// <summary>The description of the server in the Open Inference Protocol.</summary>
/// <param name="Name">Always fovea.</param>
/// <param name="Version">The version of the service.</param>
/// <param name="Extensions">The supported extensions of the protocol.</param>
internal sealed record ServerDescription(string Name, string Version, IReadOnlyList<string> Extensions)
{
    /// <summary>Describes this server, with the extensions that it supports over one transport.</summary>
    public static ServerDescription With(params IReadOnlyList<string> extensions) =>
        new("fovea", typeof(ServerDescription).Assembly.GetName().Version!.ToString(3), extensions);
}

/// <summary>Whether the server answers.</summary>
/// <param name="Live">Always true.</param>
internal sealed record ServerLive(bool Live);

/// <summary>Whether the server is ready for requests.</summary>
/// <param name="Ready">False while models are loading, and while the server shuts down.</param>
internal sealed record ServerReady(bool Ready);

/// <summary>Whether a model answers.</summary>
/// <param name="Name">The model.</param>
/// <param name="Ready">Whether the model answers.</param>
internal sealed record ModelReady(string Name, bool Ready);
