using System.Text.Json;

namespace Fovea.Api;

/// <summary>The body of a request for the index of the repository: empty, or <c>{"ready": true}</c>.</summary>
internal static class IndexRequest
{
    private const int MostBytes = 64 << 10;

    /// <summary>Whether only versions are wanted that are loaded.</summary>
    /// <exception cref="Fovea.Models.FoveaException">The body is not the JSON that was expected.</exception>
    public static async Task<bool> WantsReady(HttpRequest request, CancellationToken stop)
    {
        using var body = await PooledBytes.Read(request.BodyReader, MostBytes, request.ContentLength, stop) ?? throw RequestBody.TooLarge("The request's body", MostBytes);
        if (body.Memory.IsEmpty)
        {
            return false;
        }

        try
        {
            using var json = JsonDocument.Parse(body.Memory);
            return json.RootElement.TryGetProperty("ready", out var ready) && ready.GetBoolean();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw InferRequestReader.Malformed("The body is not the JSON that was expected: nothing, or {\"ready\": true}.", e);
        }
    }
}
