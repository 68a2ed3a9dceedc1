using System.ClientModel;
using OpenAI;
using OpenAI.Files;
using OpenAI.FineTuning;
using OpenAI.Models;

namespace Fovea.Api.Tests.OpenAIProtocol;

/// <summary>The clients of OpenAI's package for one service. Their own retries would only delay the errors that tests expect.</summary>
internal sealed class OpenAIClients(Uri service, string key)
{
    private readonly ApiKeyCredential credential = new(key);
    private readonly Uri endpoint = new(service, "v1");

    public OpenAIFileClient Files => new(credential, new OpenAIClientOptions { Endpoint = endpoint });

    public OpenAIModelClient Models => new(credential, new OpenAIClientOptions { Endpoint = endpoint });

    public FineTuningClient Jobs => new(credential, new FineTuningClientOptions { Endpoint = endpoint });

    /// <summary>Returns the exception that a call ends in, after comparing its status and its text.</summary>
    public static async Task Refuses(int status, string named, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(call);
        Assert.Equal(status, error.Status);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }
}
