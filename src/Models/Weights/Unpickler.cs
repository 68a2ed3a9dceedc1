using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Numerics;
using System.Text;

namespace Fovea.Models;

/// <summary>
/// Reads Python's pickles as torch.save writes them, and executes nothing: of the opcodes (Python's pickletools lists them) only those that make
/// data, of names only those by which PyTorch describes tensors. Values are long, BigInteger, double, bool, string, object?[] (a tuple),
/// List&lt;object?&gt;, <see cref="Dictionary"/>, <see cref="Global"/>, <see cref="Storage"/> and <see cref="TensorView"/>.
/// </summary>
internal sealed class Unpickler(ReadOnlyMemory<byte> file, int position = 0)
{
    private const string OrderedDict = "collections.OrderedDict", RebuildTensor = "torch._utils._rebuild_tensor", RebuildTensor2 = "torch._utils._rebuild_tensor_v2", RebuildParameter = "torch._utils._rebuild_parameter";

    private const int HighestRank = 8;

    private static readonly FrozenDictionary<string, ElementType> StorageTypes = new Dictionary<string, ElementType>
    {
        ["torch.FloatStorage"] = ElementType.Float,
        ["torch.HalfStorage"] = ElementType.Float16,
        ["torch.BFloat16Storage"] = ElementType.BFloat16,
        ["torch.DoubleStorage"] = ElementType.Double,
        ["torch.LongStorage"] = ElementType.Int64,
        ["torch.IntStorage"] = ElementType.Int32,
        ["torch.ShortStorage"] = ElementType.Int16,
        ["torch.CharStorage"] = ElementType.Int8,
        ["torch.ByteStorage"] = ElementType.UInt8,
        ["torch.BoolStorage"] = ElementType.Bool,
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> Globals = [OrderedDict, RebuildTensor, RebuildTensor2, RebuildParameter, .. StorageTypes.Keys];

    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = [];
    private readonly Dictionary<long, object?> memo = [];
    private readonly Dictionary<string, Storage> storages = [];
    private long copied;

    /// <summary>Where the next pickle begins.</summary>
    public int Position { get; private set; } = position;

    /// <summary>Every storage that was named, by its key.</summary>
    public IReadOnlyDictionary<string, Storage> Storages => storages;

    /// <summary>A Python dictionary, in its order.</summary>
    public sealed class Dictionary : List<(object? Key, object? Value)>
    {
        /// <summary>What stands last under a key; null where nothing does.</summary>
        public object? this[string key] => FindLast(item => item.Key as string == key).Value;
    }

    /// <summary>A name of Python's, as module.name.</summary>
    public sealed record Global(string Name);

    /// <summary>Elements that stand elsewhere, under a key.</summary>
    public sealed record Storage(ElementType Type, string Key, long Count);

    /// <summary>A tensor by its storage, offset and strides in elements.</summary>
    public sealed record TensorView(Storage Storage, long Offset, ImmutableArray<long> Size, ImmutableArray<long> Strides);

    /// <summary>Reads the next pickle.</summary>
    /// <exception cref="FoveaException">It ends early, contradicts itself, or asks for what is not data.</exception>
    public object? Read()
    {
        stack.Clear();
        marks.Clear();
        memo.Clear();
        while (true)
        {
            byte opcode = Take(1)[0];
            if (opcode == '.')
            {
                return Pop();
            }

            Execute(opcode);
        }
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: // PROTO
                Take(1);
                break;
            case 0x95: // FRAME
                Take(8);
                break;
            case (byte)'(':
                marks.Push(stack.Count);
                break;
            case (byte)'0':
                Pop();
                break;
            case (byte)'N':
                stack.Add(null);
                break;
            case 0x88 or 0x89: // NEWTRUE, NEWFALSE
                stack.Add(opcode == 0x88);
                break;
            case (byte)'K':
                stack.Add((long)Take(1)[0]);
                break;
            case (byte)'M':
                stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case (byte)'J':
                stack.Add((long)Int32());
                break;
            case 0x8a: // LONG1
                var number = new BigInteger(Take(Take(1)[0]));
                stack.Add(number >= long.MinValue && number <= long.MaxValue ? (long)number : number);
                break;
            case (byte)'G':
                stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case (byte)'U' or 0x8c: // SHORT_BINSTRING, SHORT_BINUNICODE
                stack.Add(Encoding.UTF8.GetString(Take(Take(1)[0])));
                break;
            case (byte)'T' or (byte)'X': // BINSTRING, BINUNICODE
                stack.Add(Encoding.UTF8.GetString(Take(Int32())));
                break;
            case (byte)'}':
                stack.Add(new Dictionary());
                break;
            case (byte)']':
                stack.Add(new List<object?>());
                break;
            case (byte)')':
                stack.Add(Array.Empty<object?>());
                break;
            case 0x85 or 0x86 or 0x87: // TUPLE1, TUPLE2, TUPLE3
                stack.Add(PopLast(opcode - 0x84));
                break;
            case (byte)'t':
                stack.Add(PopToMark());
                break;
            case (byte)'a':
                var item = Pop();
                Top<List<object?>>().Add(item);
                break;
            case (byte)'e':
                var items = PopToMark();
                Top<List<object?>>().AddRange(items);
                break;
            case (byte)'s':
                Put(PopLast(2));
                break;
            case (byte)'u':
                Put(PopToMark());
                break;
            case (byte)'q':
                memo[Take(1)[0]] = Top<object?>();
                break;
            case (byte)'r':
                memo[Int32()] = Top<object?>();
                break;
            case 0x94: // MEMOIZE
                memo[memo.Count] = Top<object?>();
                break;
            case (byte)'h':
                stack.Add(Remembered(Take(1)[0]));
                break;
            case (byte)'j':
                stack.Add(Remembered(Int32()));
                break;
            case (byte)'c':
                stack.Add(Named(Line(), Line()));
                break;
            case 0x93: // STACK_GLOBAL
                var name = Pop<string>();
                stack.Add(Named(Pop<string>(), name));
                break;
            case (byte)'Q':
                stack.Add(Persistent(Pop<object?[]>()));
                break;
            case (byte)'R':
                var arguments = Pop<object?[]>();
                stack.Add(Call(Pop<Global>().Name, arguments));
                break;
            case (byte)'b':
                // The state of an OrderedDict is what PyTorch notes about versions; no data.
                Pop();
                Top<Dictionary>();
                break;
            default:
                throw Bad($"it holds the opcode 0x{opcode:x2}, which is not needed to describe tensors");
        }
    }

    private object? Call(string function, object?[] arguments) => (function, arguments) switch
    {
        (OrderedDict, []) => new Dictionary(),
        (OrderedDict, [List<object?> pairs]) => FromPairs(pairs),
        (RebuildTensor, [Storage storage, long offset, object?[] size, object?[] strides]) => new TensorView(storage, offset, Longs(size), Longs(strides)),
        (RebuildTensor2, [Storage storage, long offset, object?[] size, object?[] strides, ..]) => new TensorView(storage, offset, Longs(size), Longs(strides)),
        (RebuildParameter, [TensorView tensor, ..]) => tensor,
        _ => throw Bad($"it calls {function} with {arguments.Length} arguments that it does not take"),
    };

    // Python 2 gave the items of an OrderedDict as a list of pairs.
    private Dictionary FromPairs(List<object?> pairs)
    {
        // A list that is recalled and copied again and again would take more memory than the file has.
        copied += pairs.Count;
        return copied > file.Length ? throw Bad("it copies more than it holds") : [.. pairs.Select(pair => pair switch
        {
            object?[] and [var key, var value] => (key, value),
            List<object?> and [var key, var value] => (key, value),
            _ => throw Bad("an OrderedDict is made of something else than pairs"),
        })];
    }

    // ('storage', type, key, location, number of elements), and null where PyTorch once described views.
    private Storage Persistent(object?[] id)
    {
        if (id is not ["storage", Global { Name: var name }, string key, _, long count, .. [] or [null]] || !StorageTypes.TryGetValue(name, out var type) || count < 0)
        {
            throw Bad("it refers to something outside that is no storage of numbers");
        }

        var storage = new Storage(type, key, count);
        return storages.TryAdd(key, storage) || storages[key] == storage ? storage : throw Bad($"it describes the storage {Shown(key)} in two ways");
    }

    private static Global Named(string module, string name)
    {
        // Python 2 and 3 call some modules differently; of those that are known here, none.
        var full = $"{module}.{name}";
        return Globals.Contains(full) ? new Global(full) : throw Bad($"it names {Shown(full)}, which is not needed to describe tensors and is not run; expected a state dict (torch.save(model.state_dict(), file))");
    }

    private static ImmutableArray<long> Longs(object?[] values) => values.Length > HighestRank ? throw Bad($"a tensor has {values.Length} axes; expected at most {HighestRank}") : [.. values.Select(value => value is long number ? number : throw Bad("a tensor's size or stride is no number"))];

    private void Put(object?[] items)
    {
        if (items.Length % 2 != 0)
        {
            throw Bad("a dictionary is given a key without a value");
        }

        var dictionary = Top<Dictionary>();
        for (int i = 0; i < items.Length; i += 2)
        {
            dictionary.Add((items[i], items[i + 1]));
        }
    }

    private object? Remembered(long index) => memo.TryGetValue(index, out var value) ? value : throw Bad($"it recalls {index}, which it never noted");

    private object?[] PopToMark() => marks.TryPop(out int mark) && mark <= stack.Count ? PopLast(stack.Count - mark) : throw Bad("a mark is missing");

    private object?[] PopLast(int count)
    {
        if (count > stack.Count)
        {
            throw Bad("it takes more from its stack than there is");
        }

        var last = stack[^count..].ToArray();
        stack.RemoveRange(stack.Count - count, count);
        return last;
    }

    private object? Pop() => PopLast(1)[0];

    private T Pop<T>()
    {
        var top = Top<T>();
        stack.RemoveAt(stack.Count - 1);
        return top;
    }

    private T Top<T>() => stack.Count == 0
        ? throw Bad("it takes more from its stack than there is")
        : stack[^1] is T or null && (T?)stack[^1] is var top && (top is not null || typeof(T) == typeof(object)) ? top! : throw Bad("an opcode meets a value of another kind");

    private int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    private string Line()
    {
        int length = file.Span[Position..].IndexOf((byte)'\n');
        return length < 0 ? throw Bad("it ends within a name") : Encoding.UTF8.GetString(Take(length + 1)[..^1]);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > file.Length - Position)
        {
            throw Bad("it ends too early");
        }

        Position += count;
        return file.Span.Slice(Position - count, count);
    }

    private static string Shown(string text) => text.Length <= 100 ? text : $"{text[..100]}...";

    private static FoveaException Bad(string reason) => new(ErrorCode.BadModelFile, $"its pickle cannot be read: {reason}.");
}
