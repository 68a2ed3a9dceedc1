using System.Text.Encodings.Web;

namespace Fovea.Api;

/// <summary>Puts the service together.</summary>
internal static class Service
{
    private const string DefaultUrl = "http://localhost:8080";

    /// <summary>The service, ready to run.</summary>
    /// <exception cref="Fovea.Models.FoveaException">A setting is wrong.</exception>
    public static WebApplication Build(string[] args)
    {
        // appsettings.json lies beside the program, wherever it is started from.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        var settings = Settings.Read(builder.Configuration, builder.Environment);
        Listen(builder, settings);

        // Images are classified on the pool's threads; so many more keep the rest of the service answering meanwhile.
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + settings.MaxConcurrency), ports);

        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(settings.ShutdownSeconds));
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);

            // Answers are never part of an HTML page, so labels and messages may stay readable.
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddExceptionHandler<ProblemHandler>();
        builder.Services.AddSingleton(settings).AddSingleton(TimeProvider.System);
        builder.Services.AddModelStore(builder.Configuration);
        builder.Services.AddSingleton(ApiKeys.Read(builder.Configuration));
        builder.Services.AddSingleton<ImageClassifier>().AddSingleton<ClassifyRequests>();
        builder.Services.AddApiDescription();

        var app = builder.Build();
        app.UseStatusCodePages(ProblemHandler.UnknownRoute);
        app.UseExceptionHandler(_ => { });
        app.UseDrain();
        app.UseHeadAsGet();
        app.UseRouting();
        app.UseKeyCheck();
        app.UseApiDescription();
        app.MapClassification();
        app.MapModels();
        app.MapAdministration();
        app.MapArchitectures();
        app.MapHealth();
        return app;
    }

    private static void Listen(WebApplicationBuilder builder, Settings settings)
    {
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.MaxRequestBodySize = settings.MaxRequestBytes;
        });

        var chosen = builder.Configuration;
        if (chosen["urls"] is null && chosen["http_ports"] is null && chosen["https_ports"] is null && !chosen.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }
    }
}
