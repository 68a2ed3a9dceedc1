namespace Fovea.Benchmarks;

/// <summary>Takes a model out of memory and loads it again, many times, with an answer from each: what stayed of each version would add up.</summary>
internal static class LoadCycles
{
    public static async Task<int> Run(int cycles)
    {
        const string Model = "lenet5";
        var models = new Models();
        using var service = ServiceProcess.StartMeasured(models, Model, "--Fovea:ApiKeys:0=key");
        service.Client.DefaultRequestHeaders.Authorization = new("Bearer", "key");
        var body = await File.ReadAllBytesAsync(Models.Digit);
        var memory = new ResidentMemory(service);
        for (int i = 0; i < cycles; i++)
        {
            foreach (var act in new[] { "unload", "load" })
            {
                using var done = await service.Client.PostAsync($"/models/{Model}/{act}", null);
                done.EnsureSuccessStatusCode();
            }

            using var answer = await service.Client.PostAsync($"/classify/{Model}", new ByteArrayContent(body));
            answer.EnsureSuccessStatusCode();
            memory.Read();
        }

        Console.WriteLine($"{Model}, published, {cycles} times unloaded and loaded: {memory}");
        return 0;
    }
}
