using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fovea.Client.Tests.Hosting;

/// <summary>A server that answers each request with a status and Retry-After, as an overloaded service does, and counts them.</summary>
internal sealed class RefusingServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private int requests;

    private RefusingServer(WebApplication app) => this.app = app;

    public int Requests => Volatile.Read(ref requests);

    public Uri Address => new(app.Urls.Single());

    /// <param name="status">The status of each answer.</param>
    /// <param name="type">The media type of its body, which is a problem document.</param>
    /// <param name="retryAfter">The seconds in Retry-After.</param>
    public static async Task<RefusingServer> Start(int status, string type = "application/problem+json", string retryAfter = "0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new RefusingServer(builder.Build());
        server.app.Run(async context =>
        {
            Interlocked.Increment(ref server.requests);
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            (context.Response.StatusCode, context.Response.ContentType, context.Response.Headers.RetryAfter) = (status, type, retryAfter);
            await context.Response.WriteAsync(
                $$"""{"title":"Refused","status":{{status}},"detail":"No place is free.","code":"overloaded"}""", context.RequestAborted);
        });
        await server.app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
