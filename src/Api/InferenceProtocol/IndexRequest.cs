using System.Text.Json;
using Fovea.Api.Requests;
using Fovea.Models.Errors;

namespace Fovea.Api.InferenceProtocol;

/// <summary>The body of a request for the index of the repository: empty, or <c>{"ready": true}</c>.</summary>
internal static class IndexRequest
{
    private const int MostBytes = 64 << 10;
    private const string Expected = "nothing, or {\"ready\": true}";

    /// <summary>Reads the body, and returns whether the request asks only for loaded versions.</summary>
    /// <exception cref="RefusalException">The body is neither empty nor such JSON.</exception>
    public static async Task<bool> WantsReady(HttpRequest request, RequestBodies bodies)
    {
        using var body = await bodies.Read(request, MostBytes);
        if (body.Length == 0)
        {
            return false;
        }

        using var json = RequestJson.Parse(body.Memory, Expected);
        var root = json.RootElement;
        return root.ValueKind != JsonValueKind.Object
            ? throw InferRequest.Malformed($"The body is not a JSON object; expected {Expected}.")
            : !root.TryGetProperty("ready", out var ready) ? false
            : ready.ValueKind is JsonValueKind.True or JsonValueKind.False ? ready.GetBoolean()
            : throw InferRequest.Malformed($"ready is {ready.ValueKind}; expected true or false.");
    }
}
