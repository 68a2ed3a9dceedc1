// An application whose answers come from a Fovea service. appsettings.json or the environment (Fovea__Address, Fovea__ApiKey) says where it
// is.
//
//   dotnet run                                                     with the service on http://localhost:8080
//   curl --data-binary @samples/7.png http://localhost:5000/read
//   curl http://localhost:5000/health

using Fovea.Client;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddFoveaClient(options => builder.Configuration.GetSection("Fovea").Bind(options));
builder.Services.AddHealthChecks().AddFovea(model: "lenet5");
var app = builder.Build();
app.MapHealthChecks("/health");
app.MapPost("/read", async (HttpRequest request, FoveaClient fovea, CancellationToken stop) =>
{
    try
    {
        var answer = await fovea.ClassifyAsync("lenet5", ImageUpload.FromStream(request.Body), stop: stop);
        return Results.Ok(new { digit = answer.Best!.Label, answer.Best.Probability, resemblesNoDigit = answer.Outlier?.Is ?? false });
    }
    catch (FoveaClientException e)
    {
        // The service's own sentence and status, for example 422: the bytes are no image.
        return Results.Problem(e.Message, statusCode: (int)e.Status);
    }
});

// The events of a job as they happen.
app.MapGet("/jobs/{job}", (string job, FoveaClient fovea, CancellationToken stop) => fovea.FineTuning.EventsAsync(job, stop: stop));
app.Run();
