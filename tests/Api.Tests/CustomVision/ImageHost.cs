using Fovea.Api.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fovea.Api.Tests.CustomVision;

/// <summary>Another web server on this machine, with an image, and with answers that are not images.</summary>
internal sealed class ImageHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private ImageHost(WebApplication app) => this.app = app;

    /// <summary>The address without a slash at its end.</summary>
    public string Address => app.Urls.Single();

    /// <summary>Host and port.</summary>
    public string Authority => new Uri(Address).Authority;

    /// <summary>The paths of the requests that arrived.</summary>
    public List<string> Seen { get; } = [];

    public static async Task<ImageHost> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var host = new ImageHost(app);
        app.Use((context, next) =>
        {
            lock (host.Seen)
            {
                host.Seen.Add(context.Request.Path);
            }

            return next(context);
        });
        app.MapGet("/digit", () => TypedResults.Bytes(Images.Digit, "image/png"));
        app.MapGet("/elsewhere", () => TypedResults.Redirect("/digit"));
        app.MapGet("/empty", () => TypedResults.Ok());
        app.MapGet("/large", () => TypedResults.Bytes(new byte[2_000_000]));
        app.MapGet("/larger", async (HttpResponse response) =>
        {
            // The answer has no Content-Length.
            for (int i = 0; i < 20; i++)
            {
                await response.Body.WriteAsync(new byte[100_000]);
                await response.Body.FlushAsync();
            }
        });
        await app.StartAsync();
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
